# SPDX-License-Identifier: BSD-3-Clause
"""How much is tested: scripts/test-system passes these options on."""

import pytest

WORKERS = (1, 2, 3)
QUICK_WORKERS, QUICK_FAMILY = (2,), 'ipv6'


def pytest_addoption(parser):
    group = parser.getgroup('lab')
    group.addoption('--full', action='store_true', help='transfers of full size')
    group.addoption('--quick', action='store_true', help='only tests that are marked as quick, with '
                    f'{QUICK_WORKERS[0]} workers, over {QUICK_FAMILY} where it is one of both')


def pytest_configure(config):
    config.addinivalue_line('markers', 'quick: one of those that --quick selects')


def pytest_generate_tests(metafunc):
    """Runs what depends on the number of workers once for each."""
    if 'workers' in metafunc.fixturenames:
        numbers = QUICK_WORKERS if metafunc.config.getoption('quick') else WORKERS
        metafunc.parametrize('workers', numbers, indirect=True, scope='module',
                             ids=[f'{n}-worker{"s" * (n > 1)}' for n in numbers])


def is_quick(item):
    parameters = item.callspec.params if hasattr(item, 'callspec') else {}
    return item.get_closest_marker('quick') and parameters.get(
        'family', QUICK_FAMILY) == QUICK_FAMILY


def pytest_collection_modifyitems(config, items):
    if config.getoption('quick'):
        config.hook.pytest_deselected(items=[item for item in items if not is_quick(item)])
        items[:] = filter(is_quick, items)


@pytest.fixture(name='workers', scope='module')
def fixture_workers(request):
    return request.param


@pytest.fixture(name='full', scope='session')
def fixture_full(request):
    """Whether transfers have their full size."""
    return request.config.getoption('full')
