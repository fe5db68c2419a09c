# SPDX-License-Identifier: BSD-3-Clause
"""How much is tested: scripts/test-system passes these options on."""

import pytest

WORKERS = (1, 2, 3)


def pytest_addoption(parser):
    group = parser.getgroup('lab')
    group.addoption('--full', action='store_true', help='transfers of full size')
    group.addoption('--quick', action='store_true', help='two workers only')


def pytest_generate_tests(metafunc):
    """Runs what depends on the number of workers once for each."""
    if 'workers' in metafunc.fixturenames:
        numbers = (2,) if metafunc.config.getoption('quick') else WORKERS
        metafunc.parametrize('workers', numbers, indirect=True, scope='module',
                             ids=[f'{n}-worker{"s" * (n > 1)}' for n in numbers])


@pytest.fixture(name='workers', scope='module')
def fixture_workers(request):
    return request.param


@pytest.fixture(name='full', scope='session')
def fixture_full(request):
    """Whether transfers have their full size."""
    return request.config.getoption('full')
