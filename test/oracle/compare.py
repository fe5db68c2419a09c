#!/usr/bin/python3
"""Compares the userspace firewall `sallyport` with the Linux kernel, packet by packet.

The kernel's answers were recorded by oracle.py (cases/*.jsonl -> expected/*.jsonl.gz, see its README.md).
Each case's ruleset and sysctls become a sallyport configuration, its packets two captures (what side a
sent, what side b sent); `sallyport replay` runs them in virtual time; its verdict lines are held against
the kernel's answers.

Many cases share one replay: those with the same ruleset and sysctls that have no address in common, one after
another with --spacing seconds between them.  A replay that crashes, hangs or prints what the contract does not
allow is halved until the guilty cases are found; those count as failed (after 24 replays: all that are left).

Per packet: forwarded, ct_state, dir; then of its connection after the packet: entry (is there one), state,
timeout (+- --slack), seen_reply, assured.  Not comparable, and counted by reason:
  l3, route, local, post     decided by the kernel's IP stack (README, "Blind spots"); nothing is compared.
                             With helpers "post" is their verdict, since they read a packet after the rules
  after one of those         packets of the same connection, when that packet went through a connection tracker
  rules behind AH            conntrack looks behind an IPv6 authentication header, nft's rules do not: dropped there
  fragments not held         of IPv6, and such as are in the midst of a datagram: the kernel tracks what is there of
                             layer 4, for sallyport they are invalid (doc/kernel-differences.md); nothing else is compared
  fragments of what the IP stack drops    it has dropped another one of the datagram
  fragment overlaps          the oracle does not tell which of them became part of the datagram
  entry: cannot be told      the oracle found no entry by addresses alone, or one with another ICMP code, or may have
                             found another one: from an address to itself, or a later fragment of ICMP, or that of
                             another call of PPTP for a packet that the rules refused
  entry: invalid, untracked  the packet has no connection, the oracle looked one up all the same, sallyport did not
A held fragment has the verdict of the packet that completed its datagram, and was not forwarded if none did.

examples:
  compare.py cases/*.jsonl expected/*.jsonl.gz               compare.py cases expected
  compare.py --sallyport build/app/sallyport --workers 2 --burst 7 cases/hand_tcp.jsonl expected/hand_tcp.jsonl.gz
  compare.py --only 'tcp/rst_*' --no-batch --keep look --fields ct_state,state cases expected
  compare.py --pcap trace.pcap --ruleset default             (root; oracle.py beside this file)

Packets are numbered from 0 as in the answers' `i`.  Exit status: 0 every compared case agrees, 1 some failed,
2 usage, or nothing could be compared.
"""
import argparse, collections, concurrent.futures, fnmatch, glob, gzip, itertools, json, os, pathlib, re
import shutil, struct, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = ["forwarded", "ct_state", "dir", "entry", "state", "timeout", "seen_reply", "assured"]
BLIND = ("l3", "route", "local", "post")        # stages that say nothing about a firewall
EPOCH = 1_700_000_000                           # virtual time of the first packet, seconds
MAC = {"a": bytes.fromhex("02000000000a"), "b": bytes.fromhex("02000000000b")}
BATCH_PACKETS = 4000                            # at most in one replay
BISECT_RUNS = 24                                # extra replays to find the cases that break a batch


# ------------------------------------------------------------------ rulesets: nft text -> chains
RULESETS = {                                    # the same text as in oracle.py
    "open": "accept",
    "default": """
ct state established,related accept
ct state invalid drop
ct state new tcp dport { 22, 80, 443, 8080 } accept
ct state new udp dport { 53, 123, 4500, 5000-5999 } accept
ct state new sctp dport { 9899 } accept
ct state new icmp type echo-request accept
ct state new icmpv6 type echo-request accept
ct state new ip protocol gre accept
ct state new ip6 nexthdr gre accept
drop
""",
    "from_a": """
ct state established,related accept
ct state invalid drop
iifname "fa" ct state new accept
drop
""",
}
# nft match -> sallyport keys; None takes the value
NFT_MATCHES = {
    "ct state": {"state": None}, "ct direction": {"dir": None}, "iifname": {"in": None}, "oifname": {"out": None},
    "icmp type": {"family": "ipv4", "proto": "icmp", "icmp_type": None},
    "icmpv6 type": {"family": "ipv6", "proto": "icmpv6", "icmp_type": None},
    "ip protocol": {"family": "ipv4", "proto": None}, "ip6 nexthdr": {"family": "ipv6", "proto": None},
    "meta l4proto": {"proto": None}, "meta nfproto": {"family": None},
    "ip saddr": {"family": "ipv4", "src": None}, "ip daddr": {"family": "ipv4", "dst": None},
    "ip6 saddr": {"family": "ipv6", "src": None}, "ip6 daddr": {"family": "ipv6", "dst": None},
    **{"%s %s" % (proto, port): {"proto": proto, port: None}
       for proto in ("tcp", "udp", "udplite", "sctp", "dccp") for port in ("sport", "dport")}}
NFT_VALUES = {"in": {"fa": "a", "fb": "b"}, "out": {"fa": "a", "fb": "b"}, "dir": {"original": "orig"},
              "proto": {"ipv6-icmp": "icmpv6"}}
NFT_ICMP = {"icmp": {"echo-request": "8", "echo-reply": "0"}, "icmpv6": {"echo-request": "128", "echo-reply": "129"}}
NFT_HELPER = re.compile(r'ct helper (\S+) \{\s*type "(\w+)"[^}]*\}')
NFT_CHAIN = re.compile(r"chain\s+(\S+)\s*\{\s*type filter hook (prerouting|forward) priority (-?\d+)\s*;"
                       r"\s*(?:policy (accept|drop)\s*;)?((?:[^{}]|\{[^{}]*\})*)\}")


def usage_error(text):
    print("compare.py: " + text, file=sys.stderr)
    sys.exit(2)


class NoReplay(Exception):
    """A case that cannot be replayed; args: status, reason."""


def nft_chains(text):
    """The small part of nft's language that the cases use -> [(priority, name, policy, [(text, keys, action)])].
    An action is a verdict, or "set_helper NAME" for a rule that goes on."""
    text = re.sub(r"#.*|^\s*flush ruleset\s*;?", "", text, flags=re.M)
    helpers = dict(NFT_HELPER.findall(text))                    # objects by name -> type
    text = NFT_HELPER.sub("", text)
    text = re.sub(r'ct helper set "?([\w-]+)"?', lambda m: "set_helper " + helpers.get(m[1], m[1]), text)
    if not re.search(r"\btable\b", text):                       # bare rules, as in oracle.py
        text = "table inet fw { chain filter { type filter hook forward priority 0; policy drop;\n%s\n } }" % text
    chains, hooks = [], {"prerouting": [-200], "forward": []}              # conntrack itself is at -200
    for name, hook, priority, policy, body in NFT_CHAIN.findall(text):
        body = re.sub(r"\{[^{}]*\}", lambda m: re.sub(r"\s+", "", m[0]), body)
        rules = [nft_rule(" ".join(r.split())) for r in re.split(r"[;\n]", body) if r.strip()]
        chains.append((int(priority), name, policy or "accept", [r for r in rules if r]))
        hooks[hook].append(int(priority))
    rest = re.sub(r"table inet \S+ \{\s*\}", "", NFT_CHAIN.sub("", text)).split()
    if rest:
        raise NoReplay("untranslatable", "nft: " + " ".join(rest[:8]))
    # sallyport has one line of priorities: the kernel's order of the chains must be the same there
    if -200 in hooks["prerouting"][1:] or min(hooks["forward"], default=1) <= max(hooks["prerouting"]):
        raise NoReplay("untranslatable", "nft: order of the chains' priorities")
    return sorted(chains, key=lambda c: c[0])


def nft_rule(text):
    """(text, {key: [values]}, action), or None for a rule without a verdict."""
    keys, action, rest = {}, None, text
    while rest:
        # what the comparison does not see is left out: counters, marks (no match on a mark is accepted), kinds of reject
        m = re.match(r"(counter|ct mark set \S+)(?: |$)", rest)
        v = re.match(r"(accept|drop|notrack|reject)(?: with .*)?$|(?=set_helper)(set_helper \w+)$", rest)
        k = re.match(r"([a-z46_]+(?: [a-z0-9]+)?) (\{[^{}]*\}|[^\s{}]+)(?: |$)", rest)
        if v:
            action, m = v[1] or v[2], v
        elif not m:
            if not k or k[1] not in NFT_MATCHES or re.match(r"[!=<>&@$]", k[2]):
                raise NoReplay("untranslatable", "nft: " + rest)
            for key, value in NFT_MATCHES[k[1]].items():
                values = [value] if value else re.findall(r'[^{},"\s]+', k[2])
                names = NFT_ICMP[k[1].split()[0]] if key == "icmp_type" else NFT_VALUES.get(key, {})
                values = [names.get(x, x) for x in values]
                if keys.setdefault(key, values) != values or key == "icmp_type" and not all(map(str.isdigit, values)):
                    raise NoReplay("untranslatable", "nft: " + text)
            m = k
        rest = rest[m.end():]
    return (text, keys, action) if action else None


# ------------------------------------------------------------------ chains and sysctls -> libconfig
def quoted(s): return '"%s"' % re.sub(r'(["\\])', r"\\\1", s)
def scalar(s): return s if s.isdigit() else quoted(s)


def rules_config(chains):
    """The `sets` and `chains` sections."""
    sets, out = {}, []
    for priority, name, policy, nft_rules in chains:
        rules = []
        for text, keys, action in nft_rules:
            common = ""
            for k in ("src", "dst", "sport", "dport"):
                if len(keys.get(k, ())) > 1:
                    common += '%s = "@%s"; ' % (k, sets.setdefault(tuple(keys[k]), "set%d" % (len(sets) + 1)))
                elif k in keys:
                    common += "%s = %s; " % (k, scalar(keys[k][0]))
            if "state" in keys:
                common += "state = [%s]; " % ", ".join(map(quoted, keys["state"]))
            # keys that hold one value: a rule for each combination
            single = [[(k, v) for v in keys[k]] for k in ("in", "out", "family", "proto", "icmp_type", "dir") if k in keys]
            for combination in itertools.product(*single):
                what = "%s = \"%s\"" % (*action.split(), ) if " " in action else 'action = "%s"' % action
                rules.append('      # %s\n      { name = "r%d"; %s%s%s; }' % (
                    text, len(rules) + 1, "".join("%s = %s; " % (k, scalar(v)) for k, v in combination), common, what))
        out.append('  { name = %s; priority = %d; policy = "%s"; rules = (\n%s ); }' % (
            quoted(name), priority, policy, ",\n".join(rules)))
    text = "".join("  %s = [ %s ];\n" % (name, ", ".join(map(quoted, values))) for values, name in sets.items())
    return (text and "sets: {\n%s};\n" % text) + "chains = (\n%s\n);\n" % ",\n".join(out)


def conntrack_config(sysctl):
    """The `conntrack` section: the defaults of the recorded kernel, which has no tracker for DCCP any more, except what
    the case sets, the table that SALLYPORT_TABLE names, and no lane when SALLYPORT_LANE is off."""
    groups = {"": {"max_connections": 65536, "dccp": '"generic"'}, "tcp": {}, "timeouts": {}}
    for name, value in sorted(sysctl.items()):
        key = re.sub(r".*[./]|nf_conntrack_", "", name)
        if key == "log_invalid":
            continue
        elif key in ("checksum", "acct"):
            groups[""][{"acct": "accounting"}.get(key, key)] = "true" if int(value) else "false"
        elif key in ("tcp_loose", "tcp_be_liberal", "tcp_ignore_invalid_rst"):
            groups["tcp"][key[4:]] = "true" if int(value) else "false"
        elif key == "tcp_max_retrans":
            groups["tcp"]["max_retrans"] = int(value)
        elif re.match(r"(tcp|udp|icmp|icmpv6|generic|sctp|gre)_timeout", key):
            groups["timeouts"][key.replace("_timeout", "")] = int(value)
        else:
            raise NoReplay("untranslatable", "sysctl " + name)
    if os.environ.get("SALLYPORT_TABLE"):
        groups[""]["table"] = '"%s"' % os.environ["SALLYPORT_TABLE"]
    if os.environ.get("SALLYPORT_LANE") == "off":
        groups[""]["lane"] = "false"
    lines = {g: " ".join("%s = %s;" % kv for kv in values.items()) for g, values in groups.items()}
    return "conntrack: {\n  %s\n%s};\n" % (
        lines.pop(""), "".join("  %s: { %s };\n" % gv for gv in lines.items() if gv[1]))


def make_config(ruleset, sysctl):
    return ('# made by compare.py\nports = ( { name = "a"; device = "net_null0"; },\n'
            '          { name = "b"; device = "net_null1"; } );\nwires = ( { a = "a"; b = "b"; } );\n'
            + conntrack_config(sysctl) + rules_config(nft_chains(RULESETS.get(ruleset, ruleset))))


# ------------------------------------------------------------------ packets
class Packet(collections.namedtuple("Packet", "addresses flow ports told code fragment ident ah unheld nested")):
    """What a frame tells.  addresses: all in it, those inside an ICMP error too.  flow: family, protocol and the two
    addresses; ports: both, or the ICMP identifier (of the packet inside an ICMP error).  told: how the oracle looks
    its entry up, "tuple", "addresses" or None.  code: of an ICMP query.  fragment: (begin, end) in octets.
    ident: of the datagram, in octets as they are.
    ah: behind an IPv6 authentication header.  unheld: a fragment of IPv6 that Linux does not hold.  nested: in the
    midst of a datagram of IPv6 is a fragment header that says there is more."""

    def ambiguous(self):
        """The oracle's look-up by addresses may find another entry: from an address to itself, or a later fragment
        of what may be an ICMP error."""
        return self.flow is not None and (self.flow[2] == self.flow[3] or self.flow[:2] in ICMP_ERRORS and
                                          self.fragment is not None and self.fragment[0] > 0)

    def of_same_hosts(self, other):
        return None not in (self.flow, other.flow) and self.flow[2:] == other.flow[2:]

    def akin(self, other):
        """May be of the same connection."""
        return self.flow == other.flow is not None and (self.ports == other.ports or None in (self.ports, other.ports))


UNKNOWN = Packet(frozenset(), None, None, None, None, None, None, False, False, False)
EXTENSIONS = (0, 43, 44, 51, 60)                # headers of IPv6, by protocol number
FAMILIES = {b"\x08\x00": 4, b"\x86\xdd": 6}      # by Ethernet type
ICMP_ERRORS = {(4, 1): (3, 4, 5, 11, 12), (6, 58): (1, 2, 3, 4)}


def dissect(family, b, inner=False):
    """The Packet of an IP packet; family: 4, 6, or None for what is not IP."""
    try:
        return dissect_ip(family, b, inner) if family else UNKNOWN
    except (IndexError, struct.error):
        return UNKNOWN


def dissect_ip(family, b, inner):
    def u16(offset):
        return struct.unpack_from("!H", b, offset)[0]
    if b[0] >> 4 != family:
        return UNKNOWN
    ah, headers = False, []                     # headers: of fragments of IPv6, what they say and where their data begins
    if family == 4:
        p, proto, src, dst = (b[0] & 15) * 4, b[9], b[12:16], b[16:20]
        begin, part, end, ident = (u16(6) & 0x1FFF) * 8, u16(6) & 0x3FFF != 0, u16(2), b[4:6]
    else:
        p, proto, src, dst = 40, b[6], b[8:24], b[24:40]
        begin, part, end, ident = 0, False, 40 + u16(4) if u16(4) else len(b), None
        while proto in EXTENSIONS and not begin:
            if p + 2 > min(end, len(b)):
                break
            if proto == 44:
                begin, part = u16(p + 2) & 0xFFF8, True
                headers.append((u16(p + 2), p + 8))
                ident = ident or b[p + 4:p + 8]
                proto, p = b[p], p + 8
            else:
                ah |= proto == 51
                proto, p = b[p], p + ((b[p + 1] + 2) * 4 if proto == 51 else (b[p + 1] + 1) * 8)
    if len(dst) != (4 if family == 4 else 16):
        return UNKNOWN
    pkt = Packet(frozenset((src, dst)), (family, proto, min(src, dst), max(src, dst)), None, "addresses", None,
                 (begin, begin + end - p) if part else None, ident, ah, unheld(headers, proto, p, end) or bool(headers) and not u16(4),
                 any(what & 0xFFF9 for what, _ in headers[1:]))
    if begin:
        return pkt
    if proto in (6, 17, 132, 136):
        return pkt._replace(told="tuple", ports={u16(p), u16(p + 2)}) if len(b) >= p + 4 else pkt._replace(told=None)
    if (family, proto) not in ICMP_ERRORS:
        return pkt
    if len(b) < p + 6:
        return pkt._replace(told=None)
    if b[p] in ICMP_ERRORS[family, proto] and not inner:
        about = dissect(family, b[p + 8:], True)
        return about._replace(addresses=pkt.addresses | about.addresses, fragment=pkt.fragment, ident=pkt.ident, unheld=pkt.unheld, nested=pkt.nested)
    return pkt._replace(told="tuple", ports=u16(p + 4), code=b[p + 1])


def unheld(headers, proto, p, end):
    """Whether Linux lets a fragment of IPv6 go on at once: its length is no multiple of 8 and it is not the last one, or
    it is the first one and ends before the upper layer's header does.  So it does when the packet says to have no payload."""
    if not headers or headers[0][0] & 0xFFF9 == 0:
        return any(what & 0xFFF9 for what, _ in headers)        # in the midst of a whole packet
    what, data = headers[0]
    is_first = not any(what & 0xFFF8 for what, _ in headers)
    return bool(what & 1 and ((end - data) % 8 != 0 or end == data) or
                is_first and proto not in EXTENSIONS and p + {6: 20, 17: 8, 58: 8}.get(proto, 1) > end)


def write_pcap(path, records):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for us, frame in records:
            f.write(struct.pack("<IIII", us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)


# ------------------------------------------------------------------ cases
class Case:
    """A case, the kernel's answer, and what became of it."""

    def __init__(self, group, case, answer, step_us=1000):
        self.group, self.id, self.case, self.answer = group, case.get("id", ""), case, answer
        self.status, self.why = None, ""                     # one of STATUSES
        self.differences, self.blind = [], collections.Counter()
        self.agree = self.differ = self.incomparable = 0     # packets
        self.packets, self.addresses, self.step_us = [], set(), step_us
        self.has_helper = "ct helper" in case.get("ruleset", "")

    def prepare(self):
        """The packets and the configuration's text; None when the case cannot be replayed."""
        waits = collections.Counter()
        try:
            for a in self.case.get("actions", ()):
                if set(a) - {"before", "wait"}:
                    raise NoReplay("skipped", "actions")
                waits[a["before"]] += a.get("wait", 0)
            if self.answer is None or "error" in self.answer:
                raise NoReplay("failed", "no kernel answer: %s" % (self.answer or {}).get("error", "id not found"))
            if len(self.answer["packets"]) != len(self.case["packets"]):
                raise NoReplay("failed", "the kernel's answer is about another number of packets")
            config = make_config(self.case.get("ruleset", "default"), self.case.get("sysctl", {}))
        except NoReplay as e:
            self.status, self.why = e.args
            return None
        for i, p in enumerate(self.case["packets"]):
            frame = bytes.fromhex(p["frame"])
            delay = max(self.step_us, int((p.get("gap") or 0) * 1000)) + int(waits[i] * 1000)
            self.packets.append((p["side"], delay, frame, dissect(FAMILIES.get(frame[12:14]), frame[14:])))
            self.addresses |= self.packets[-1][3].addresses
        return config

    def compare(self, lines, fields, slack):
        answers = self.answer["packets"]
        completed_by = {j: k for k, q in enumerate(answers) for j in q.get("releases", ())
                        if self.packets[k][3].fragment and not self.packets[k][3].unheld}
        tainted = []                                            # packets nothing is known about, and their stage
        for i, (kernel, ours) in enumerate(zip(answers, lines)):
            pkt = self.packets[i][3]
            pairs = []                                          # (field, kernel's value, ours)
            # a datagram's protocol and ports are not always in each of its pieces
            is_piece = "releases" in kernel or i in completed_by
            after = next((stage for p, stage in tainted if p.akin(pkt) or
                          (is_piece or p.fragment and p.told != "tuple") and p.of_same_hosts(pkt)), None)
            if kernel["stage"] == "post" and self.has_helper:
                pairs = [("forwarded", False, ours["verdict"] == "accept")]
            elif kernel["stage"] in BLIND:
                self.blind[kernel["stage"]] += 1
                if ours["state"] is not None or kernel["ct_state"] not in (None, "invalid"):
                    tainted.append((pkt, kernel["stage"]))
            elif after:
                self.blind["after " + after] += 1
            elif kernel["stage"] == "defrag":
                pairs = self.fragment_verdict(i, completed_by, ours)
            elif ours["state"] == "invalid" != kernel["ct_state"] and (
                    pkt.unheld or any(self.packets[j][3].nested for j in kernel.get("releases", ()))):
                self.blind["fragments not held"] += 1
                tainted.append((pkt, "fragments not held"))
            elif pkt.ah and kernel["ct_state"] == "new" and kernel["verdict"] == "drop" and ours["verdict"] == "accept":
                self.blind["rules behind AH"] += 1
                tainted.append((pkt, "rules behind AH"))
            else:
                pairs = self.packet_fields(kernel, ours, pkt)
            pairs = [p for p in pairs if p[0] in fields]
            bad = [p for p in pairs if p[1] != p[2] and not (
                p[0] == "timeout" and None not in p[1:] and abs(p[1] - p[2]) <= slack)]
            for field, want, have in bad:
                self.differences.append({"packet": i, "field": field, "kernel": want, "ours": have,
                                         "verdict": ours["verdict"], "reason": ours["reason"], "rule": ours.get("rule")})
            self.differ += bool(bad)
            self.agree += bool(pairs) and not bad
            self.incomparable += not pairs
        self.status = "differs" if self.differences else "passed" if self.agree else "not comparable"

    def fragment_verdict(self, i, completed_by, ours):
        answers = self.answer["packets"]
        have = ours["verdict"] == "accept"
        k = completed_by.get(i)
        pkt = self.packets[i][3]
        if k is None and pkt.ident and any(q["stage"] in BLIND and pkt.ident in p[2]
                                           for p, q in zip(self.packets, answers)):
            self.blind["fragments of what the IP stack drops"] += 1
            return []
        if k is None:                                           # never completed, or thrown away
            return [("forwarded", False, have)]
        last = answers[k]
        if last["stage"] in BLIND:
            self.blind[last["stage"]] += 1
            return []
        begin, end = self.packets[i][3].fragment or (0, 0)
        for j in [j for j, m in completed_by.items() if m == k and j != i] + [k]:
            b, e = self.packets[j][3].fragment or (0, 0)
            if last["verdict"] == "accept" and (begin >= end or begin < e and b < end):
                self.blind["fragment overlaps"] += 1
                return []
        return [("forwarded", last["verdict"] == "accept", have)]

    def packet_fields(self, kernel, ours, pkt):
        pairs = [("forwarded", kernel["verdict"] == "accept", ours["verdict"] == "accept"),
                 ("ct_state", kernel["ct_state"], ours["state"])]
        state = kernel["ct_state"]
        if state in ("new", "established", "related"):
            pairs.append(("dir", {"original": "orig"}.get(kernel["dir"], kernel["dir"]), ours["dir"]))
        want, have = kernel.get("entry"), ours["entry"]
        if pkt.ambiguous():
            self.blind["entry: cannot be told"] += bool(want or have)
            return pairs
        refused = state == "new" and kernel["verdict"] == "drop"
        if want is None and (pkt.told is None or pkt.told == "addresses" and not refused) or \
                want and pkt.code is not None and want["orig"].get("code") != pkt.code:
            self.blind["entry: cannot be told"] += bool(want or have)
            return pairs
        if want and have is None and state in ("invalid", "untracked"):
            self.blind["entry: " + state] += 1
            return pairs
        if want and have is None and refused and pkt.told == "addresses":
            self.blind["entry: cannot be told"] += 1
            return pairs
        pairs.append(("entry", want is not None, have is not None))
        if want and have:
            pairs += [("state", want["state"], have["state"]), ("timeout", want["timeout"], have["timeout"]),
                      ("seen_reply", "UNREPLIED" not in want["flags"], have["seen_reply"]),
                      ("assured", "ASSURED" in want["flags"], have["assured"])]
        return pairs


def load_json(path):
    """Like oracle.py: JSON Lines, one object, an array, or {"cases": [...]}, plain or .gz."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as f:
        text = f.read()
    if re.search(r"\.jsonl(\.gz)?$", path):
        return [json.loads(x) for x in text.splitlines() if x.strip()]
    o = json.loads(text)
    return o if isinstance(o, list) else o.get("cases", [o])


def load_groups(paths):
    """Pairs case files with answer files (told apart by content): by name, else in the order given."""
    cases, answers = [], []
    for p in itertools.chain.from_iterable(sorted(glob.glob(p + "/*.json*")) if os.path.isdir(p) else [p] for p in paths):
        records = load_json(p)
        packets = next((r["packets"] for r in records if r.get("packets")), [{}])
        name = re.sub(r"\.jsonl?(\.gz)?$", "", os.path.basename(p))
        (cases if "frame" in packets[0] else answers).append((name, records))
    by_name = dict(answers)
    if not {c[0] for c in cases} <= set(by_name):
        by_name = {c[0]: a[1] for c, a in zip(cases, answers)} if len(cases) == len(answers) else {}
    if not by_name or not cases:
        usage_error("give case files and an answer file for each: CASES.jsonl EXPECTED.jsonl.gz ...")
    found = {name: {r["id"]: r for r in records} for name, records in by_name.items()}
    return [[Case(name, c, found[name].get(c.get("id"))) for c in records] for name, records in cases]


# ------------------------------------------------------------------ running sallyport
class RunError(Exception):
    """The replay did not run, or its verdicts are not what the contract promises."""


VALUES = {"verdict": ("accept", "drop", "reject"), "dir": ("orig", "reply", None),
          "state": ("new", "established", "related", "invalid", "untracked", None)}
ENTRY_TYPES = {"state": (str, type(None)), "timeout": (int,), "seen_reply": (bool,), "assured": (bool,)}


def check_line(n, text, side, us):
    """One verdict line, checked against the contract."""
    where = "verdict line %d: " % n
    try:
        v = json.loads(text)
        at, _ = (v["n"], v["port"], round(v["ts"] * 1_000_000)), v["reason"]
        values = [(k, v[k], allowed) for k, allowed in VALUES.items()]
        if v["entry"] is not None:
            values += [("entry." + k, type(v["entry"][k]), allowed) for k, allowed in ENTRY_TYPES.items()]
    except ValueError:
        raise RunError(where + "not JSON: %.100s" % text.strip()) from None
    except (KeyError, TypeError) as e:
        raise RunError(where + "lacks or spoils %s: %.200s" % (e, text.strip())) from None
    if at != (n, side, us):
        raise RunError(where + "n, port, microseconds are %s, should be %s" % (at, (n, side, us)))
    for key, value, allowed in values:
        if value not in allowed:
            raise RunError(where + "%s is %s" % (key, value))
    return v


class Runner:
    def __init__(self, args, folder):
        self.args, self.folder, self.count, self.seconds = args, folder, 0, 0.0
        self.lock = threading.Lock()
        self.options = ["--settle", "60"]                   # so that fragments still held are given up
        self.options += [] if args.workers is None else ["--workers", str(args.workers)]
        self.options += [] if args.burst is None else ["--burst", str(args.burst)]

    def sallyport(self, *words):
        """Runs it; raises RunError with the end of its standard error unless it exits with 0."""
        begin = time.monotonic()
        try:
            r = subprocess.run([self.args.sallyport, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               errors="replace", timeout=self.args.timeout)
        except subprocess.TimeoutExpired:
            raise RunError("no end after %g s" % self.args.timeout) from None
        except OSError as e:
            raise RunError("cannot run %s: %s" % (self.args.sallyport, e.strerror)) from None
        finally:
            with self.lock:
                self.seconds += time.monotonic() - begin
        if r.returncode:
            how = "exit status %d" % r.returncode if r.returncode > 0 else "killed by signal %d" % -r.returncode
            tail = " | ".join((r.stderr or r.stdout).strip().splitlines()[-6:])
            raise RunError("%s: %s" % (how, re.sub(re.escape(self.folder) + r"/(\d+/)?", "", tail)[-600:]))

    def replay(self, config, cases):
        """One replay of some cases; returns each case's verdict lines."""
        with self.lock:
            self.count += 1
            folder = os.path.join(self.folder, "%04d" % self.count)
        os.mkdir(folder)
        path = {k: os.path.join(folder, k) for k in ("sallyport.conf", "a.pcap", "b.pcap", "verdicts.jsonl", "cases")}
        with open(path["sallyport.conf"], "w") as f:
            f.write(config)
        sent, plan, now = {"a": [], "b": []}, [], EPOCH * 1_000_000
        for case in cases:
            for side, delay, frame, _ in case.packets:
                now += delay
                sent[side].append((now, MAC["b" if side == "a" else "a"] + MAC[side] + frame[12:]))
                plan.append((side, now))
            now += int(self.args.spacing * 1_000_000)
        for side in "ab":
            write_pcap(path[side + ".pcap"], sent[side])
        words = ["replay", "-c", path["sallyport.conf"], *self.options, "--verdicts", path["verdicts.jsonl"],
                 "--port", "a=" + path["a.pcap"], "--port", "b=" + path["b.pcap"]]
        with open(path["cases"], "w") as f:
            print(self.args.sallyport, *words, *("\n%5d %s" % (len(c.packets), c.id) for c in cases), file=f)
        try:
            self.sallyport(*words)
            if not os.path.exists(path["verdicts.jsonl"]):
                raise RunError("no verdicts file was written")
            with open(path["verdicts.jsonl"], errors="replace") as f:
                lines = f.read().splitlines()
            verdicts = iter([check_line(n, text, *at) for n, (text, at) in enumerate(zip(lines, plan), 1)])
            if len(lines) != len(plan):
                raise RunError("%d verdict lines for %d packets" % (len(lines), len(plan)))
        finally:
            if not self.args.keep:
                shutil.rmtree(folder, ignore_errors=True)
        return [list(itertools.islice(verdicts, len(c.packets))) for c in cases]

    def batch(self, config, cases):
        """Runs and compares a batch; one that fails is halved to find out which cases are to blame."""
        budget, todo, good = BISECT_RUNS, [cases], None         # good: sallyport finds nothing wrong with the configuration
        while todo:
            some = todo.pop()
            try:
                result = self.replay(config, some)
            except RunError as e:
                if len(some) > 1 and good is None:
                    good = self.config_good(config)
                if len(some) > 1 and good and budget >= 2:
                    budget -= 2
                    todo += [some[len(some) // 2:], some[:len(some) // 2]]
                else:
                    for case in some:
                        case.status, case.why = "failed", str(e)
                continue
            for case, lines in zip(some, result):
                case.compare(lines, self.args.fields, self.args.slack)

    def config_good(self, config):
        with tempfile.NamedTemporaryFile("w", prefix="sallyport.", suffix=".conf", dir=self.folder) as f:
            print(config, file=f, flush=True)
            try:
                return self.sallyport("check", "-c", f.name) is None
            except RunError:
                return False


def make_batches(prepared, together):
    """[(config, cases)]: same configuration, no address in common, not too many packets."""
    batches = collections.defaultdict(list)
    for config, case in prepared:
        for b in batches[config] if together else ():
            if b[1] + len(case.packets) <= BATCH_PACKETS and b[0].isdisjoint(case.addresses):
                break
        else:
            b = [set(), 0, []]
            batches[config].append(b)
        b[0] |= case.addresses
        b[1] += len(case.packets)
        b[2].append(case)
    out = [(config, b[2]) for config, group in batches.items() for b in group]
    return sorted(out, key=lambda x: -sum(len(c.packets) for c in x[1]))


def compare_all(groups, args):
    """Sets the status of every case; returns the number of replays and the seconds in them."""
    prepared = [(case.prepare(), case) for g in groups for case in g]
    batches = make_batches([p for p in prepared if p[0] is not None], args.batch)
    os.makedirs(args.keep or ".", exist_ok=True)
    folder = tempfile.mkdtemp(prefix="compare.", dir=args.keep)
    try:
        runner = Runner(args, folder)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            for job in [pool.submit(runner.batch, *b) for b in batches]:
                job.result()
    finally:
        if args.keep:
            print("replays kept in " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return runner.count, runner.seconds


# ------------------------------------------------------------------ captures, live
def capture_groups(args):
    """Runs captures through the kernel now (oracle.py beside this file)."""
    oracle = os.path.join(HERE, "oracle.py")
    if os.geteuid() != 0 or not os.path.exists(oracle):
        usage_error("--pcap needs root and oracle.py beside compare.py")
    ruleset = pathlib.Path(args.ruleset).read_text() if os.path.exists(args.ruleset) else args.ruleset
    group = []
    for path in args.pcap:
        with tempfile.TemporaryDirectory(prefix="compare.") as folder:
            out = os.path.join(folder, "out.json")
            words = [sys.executable, oracle, "pcap", path, "-r", ruleset, "--bump-ttl", "--limit", str(args.limit),
                     "-o", out] + (["--gaps", "--max-gap", str(args.gaps)] if args.gaps is not None else [])
            got = []
            for extra in (["--case-only"], []):
                begin = time.monotonic()
                r = subprocess.run(words + extra, stdin=subprocess.DEVNULL, capture_output=True, text=True)
                if not os.path.exists(out):
                    usage_error("oracle.py: " + (r.stderr.strip() or r.stdout.strip() or "failed").splitlines()[-1])
                got += load_json(out)
                os.unlink(out)
            packets = got[0]["packets"]
            # the kernel's time is real: let virtual time run as fast (about 1 s is the oracle's own start and end)
            spent = time.monotonic() - begin - 1 - sum(p.get("gap") or 0 for p in packets) / 1000
            group.append(Case("pcap", got[0], got[1], max(1000, int(spent * 1e6 / max(1, len(packets))))))
    return [group]


# ------------------------------------------------------------------ report
STATUSES = ["passed", "differs", "failed", "skipped", "untranslatable", "not comparable"]


def by_reason(cases, *statuses):
    out = collections.defaultdict(list)
    for c in cases:
        if c.status in statuses:
            out[c.status, c.why].append(c.id)
    return out


def print_differences(cases, most):
    found = [(c, d) for c in cases for d in c.differences]
    for c, d in found[:most]:
        print("%s packet %d: %s: kernel %s, ours %s   (%s, %s)" % (
            c.id, d["packet"], d["field"], json.dumps(d["kernel"]), json.dumps(d["ours"]), d["verdict"],
            " ".join(filter(None, (d["reason"], d["rule"])))))
    if len(found) > most:
        print("... %d more differences" % (len(found) - most))
    failures = by_reason(cases, "failed")
    for (_, why), ids in list(failures.items())[:most]:
        print("FAILED %s%s: %s" % (ids[0], " and %d more" % (len(ids) - 1) if len(ids) > 1 else "", why))
    if len(failures) > most:
        print("... %d more reasons of failure" % (len(failures) - most))


def totals(cases):
    t = {"cases": len(cases), **{s: sum(c.status == s for c in cases) for s in STATUSES}}
    t["packets"] = {"agree": sum(c.agree for c in cases), "differ": sum(c.differ for c in cases),
                    "not comparable": sum(c.incomparable for c in cases)}
    t["fields"] = dict(collections.Counter(d["field"] for c in cases for d in c.differences))
    t["not comparable by reason"] = dict(sorted(sum((c.blind for c in cases), collections.Counter()).items()))
    return t


def print_totals(per_file, overall, cases):
    rows = ["file/cases/agree/differ/failed/skipped/untransl./not comp./packets agree/differ/not comp./".split("/")]
    for name, t in [*per_file.items(), ("all", overall)]:
        rows.append([name, t["cases"], *(t[s] for s in STATUSES), *t["packets"].values(),
                     " ".join("%s:%d" % kv for kv in t["fields"].items())])
    widths = [max(len(str(r[k])) for r in rows) for k in range(len(rows[0]))]
    for r in rows:
        print("  ".join(str(v).rjust(w) if 0 < k < len(r) - 1 else str(v).ljust(w)
                        for k, (v, w) in enumerate(zip(r, widths))).rstrip())
    if overall["not comparable by reason"]:
        print("not comparable: " + ", ".join("%s %d" % kv for kv in overall["not comparable by reason"].items()))
    for (status, why), ids in by_reason(cases, "skipped", "untranslatable").items():
        print("%s: %s: %d cases: %s%s" % (status, why, len(ids), ", ".join(ids[:3]), ", ..." if len(ids) > 3 else ""))


def report(groups, args, replays, seconds, wall):
    cases = [c for g in groups for c in g]
    per_file, overall = {g[0].group: totals(g) for g in groups}, totals(cases)
    print_differences(cases, args.most)
    print_totals(per_file, overall, cases)
    print("%d replays, %.1f s (%.1f s in sallyport)" % (replays, wall, seconds))
    passed, failed = overall["passed"], overall["differs"] + overall["failed"]
    if args.report:
        with open(args.report, "w") as f:
            json.dump({"sallyport": args.sallyport, "workers": args.workers, "burst": args.burst, "fields": args.fields,
                       "replays": replays, "seconds": round(wall, 2), "passed": passed, "failed": failed,
                       "totals": overall, "files": per_file,
                       "cases": [{"file": c.group, "id": c.id, "status": c.status, "why": c.why,
                                  "packets": {"agree": c.agree, "differ": c.differ, "not comparable": c.incomparable},
                                  "not comparable by reason": dict(c.blind), "differences": c.differences}
                                 for c in cases]}, f, indent=1)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0 if passed else 2


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("files", nargs="*", metavar="CASES.jsonl EXPECTED.jsonl.gz",
                    help="case files and their answer files, paired by name, else in order; or folders of them")
    ap.add_argument("--sallyport", default="sallyport", metavar="PATH", help="the program (default: sallyport in PATH)")
    ap.add_argument("--workers", type=int, metavar="N", help="passed to replay")
    ap.add_argument("--burst", type=int, metavar="N", help="passed to replay")
    ap.add_argument("--only", metavar="GLOB", default="*", help="only the cases whose id matches")
    ap.add_argument("--fields", default=",".join(FIELDS), help="comma separated, of: %(default)s")
    ap.add_argument("--slack", type=int, default=1, metavar="S", help="timeouts may differ by so many seconds (1)")
    ap.add_argument("--no-batch", dest="batch", action="store_false", help="one replay for each case")
    ap.add_argument("--spacing", type=float, default=10, metavar="S", help="virtual seconds between the cases of a replay (10)")
    ap.add_argument("--jobs", type=int, default=2, metavar="N", help="replays at the same time (2)")
    ap.add_argument("--timeout", type=float, default=120, metavar="S", help="a replay that takes longer has failed (120)")
    ap.add_argument("--most", type=int, default=20, metavar="N", help="differences printed (20)")
    ap.add_argument("--report", metavar="FILE.json", help="write everything as JSON")
    ap.add_argument("--keep", metavar="DIR", help="keep configurations, captures, verdicts and command lines there")
    live = ap.add_argument_group("captures, live (root)")
    live.add_argument("--pcap", nargs="+", metavar="FILE", help="run captures through the kernel and sallyport")
    live.add_argument("--ruleset", default="open", metavar="NAME", help="open, default, from_a or a file of nft rules (open)")
    live.add_argument("--limit", type=int, default=5000, metavar="N", help="packets of each capture (5000)")
    live.add_argument("--gaps", type=int, metavar="MS", help="keep the capture's pauses, but none above MS")
    args = ap.parse_args()
    args.fields = [f for f in args.fields.split(",") if f]
    if set(args.fields) - set(FIELDS) or not args.fields or args.jobs < 1 or args.spacing < 0:
        ap.error("bad --fields, --jobs or --spacing")
    if bool(args.pcap) == bool(args.files):
        ap.error("give case files and answer files, or --pcap")
    return args


def main():
    args = arguments()
    begin = time.monotonic()
    try:
        groups = capture_groups(args) if args.pcap else load_groups(args.files)
    except (OSError, ValueError, KeyError) as e:
        usage_error("%s: %s" % (type(e).__name__, e))
    groups = [g for g in ([c for c in g if fnmatch.fnmatchcase(c.id, args.only)] for g in groups) if g]
    if not groups:
        usage_error("no cases")
    replays, seconds = compare_all(groups, args)
    return report(groups, args, replays, seconds, time.monotonic() - begin)


if __name__ == "__main__":
    sys.exit(main())
