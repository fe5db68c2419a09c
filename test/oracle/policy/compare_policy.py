#!/usr/bin/python3
"""Compares sallyport's policy actions (reject, limit, connection counts, sets, synproxy) with the Linux kernel's.

Each case becomes a configuration and two captures (what side a sent, what side b sent); `sallyport replay` runs them in
virtual time and writes a verdict line for each packet and, with --answers, a pcapng of what the firewall itself sent
(README.md, "What the product is asked for").  Both are held against the answers recorded by policy_oracle.py: for each
packet the constraint `wire`, in which values that are free, or of which the kernel's own variants differ, are so marked.

Cases of kind synproxy are dialogues: the k-th packet is made from what came out before it, so they are replayed
once for each packet, with the same secret (--seed), all of them together.

  compare_policy.py --sallyport build/app/sallyport shown           a folder with cases/ and expected/
  compare_policy.py --only 'rst/*' --keep FOLDER shown
  compare_policy.py --kinds limit,count --conf shown/cases/limit.jsonl.gz      print configurations, run nothing

Exit status: 0 every compared case agrees, 1 some differ or failed, 2 usage or nothing compared.
"""
import argparse, collections, fnmatch, gzip, json, os, re, shutil, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from frames import *

KINDS = ["reject", "limit", "count", "sets", "synproxy"]
FIELDS = ["forwarded", "answers_n", "side", "eth", "ip", "tcp", "icmp", "quote", "ct_state", "dir", "entry"]
EPOCH = 1_700_000_000
OWN = []                                         # --own: addresses of the firewall itself
MAC = {"a": bytes.fromhex("02000000000a"), "b": bytes.fromhex("02000000000b")}


class Skip(Exception):
    """args: status, reason"""


class RunError(Exception):
    """The replay did not run, or what it wrote is not what was asked for."""


# ------------------------------------------------------------------ rules -> configuration.  The only place that knows keys
def q(s): return '"%s"' % re.sub(r'(["\\])', r"\\\1", str(s))
def lst(v): return q(v) if not isinstance(v, list) else "[%s]" % ", ".join(map(q, v))


def limit_text(l):
    return "@" + l["name"] if "name" in l else "%s%s%s" % ("over " if l.get("over") else "", l["rate"], " burst %s" % re.sub(r" packets$", "", l["burst"]) if "burst" in l else "")


def count_text(c): return "%s%d" % ("over " if c.get("over") else "", c["n"])
def quota_text(c): return "@" + c["name"] if "name" in c else "%s%d bytes" % ("over " if c.get("over") else "", c["bytes"])


def rule_conf(r, n):
    m, k = r.get("match", {}), []
    if "raw" in r: raise Skip("untranslatable", "nft: " + r["raw"])
    for key, name in (("in", "in"), ("family", "family"), ("proto", "proto"), ("src", "src"), ("dst", "dst"), ("sport", "sport"),
                      ("dport", "dport"), ("icmp_type", "icmp_type"), ("state", "state")):
        if key in m: k.append("%s = %s;" % (name, lst(m[key])))
    if "dir" in m: k.append("dir = %s;" % q({"original": "orig"}.get(m["dir"], m["dir"])))
    if "tcp_flags" in m: k.append("tcp_flags = %s;" % q(m["tcp_flags"].replace(" ", "")))
    if "key" in m: k.append("lookup = { key = %s; set = %s; };" % (q(m["key"]), q(m["in_set"])))
    limits = [limit_text(d["limit"]) for d in r.get("do", ()) if "limit" in d]
    if limits: k.append("limit = %s;" % lst(limits if len(limits) > 1 else limits[0]))
    for d in r.get("do", ()):
        if "ct_count" in d: k.append("connections = %s;" % q(count_text(d["ct_count"])))
        if "quota" in d: k.append("quota = %s;" % q(quota_text(d["quota"])))
        if "counter" in d: k.append("count = true;")
        if "set" in d:
            s = d["set"]
            t = "op = %s; set = %s; key = %s;" % (q(s.get("op", "add")), q(s["name"]), q(s["key"]))
            if "timeout" in s: t += " timeout = %d;" % s["timeout"]
            for key, name, f in (("limit", "limit", limit_text), ("ct_count", "connections", count_text), ("quota", "quota", quota_text)):
                if key in s: t += " %s = %s;" % (name, q(f(s[key])))
            k.append("set_element = { %s };" % t)
        if "synproxy" in d:
            s = d["synproxy"]
            k.append("synproxy = { mss = %d;%s timestamp = %s; sack = %s; };" % (s["mss"], " wscale = %d;" % s["wscale"] if "wscale" in s else "",
                                                                             str(bool(s.get("timestamp"))).lower(), str(bool(s.get("sack"))).lower()))
    a = r.get("action")
    if a: k.append("action = %s;" % q(a))
    if "with" in r: k.append("reject_with = %s;" % q(r["with"]))
    return "    { name = \"r%d\"; %s }" % (n, " ".join(k))


SET_TYPES = {"ipv4_addr": "address", "ipv6_addr": "address", "inet_service": "port", "ipv4_addr . inet_service": "address.port",
             "ipv4_addr . ipv4_addr": "address.address"}


def make_conf(case, what=None):
    c = what or case
    if "nft" in c: raise Skip("untranslatable", "nft text")
    chains = c.get("chains") or [{"name": "filter", "priority": 0, "policy": c.get("policy", "accept"), "rules": c["rules"]}]
    out = ["# %s" % case["id"] if case.get("alone") else "# made by compare_policy.py",
           'ports = ( { name = "a"; device = "net_null0"; }, { name = "b"; device = "net_null1"; } );', 'wires = ( { a = "a"; b = "b"; } );']
    ct, tcp_, to, bounds = ["max_connections = 65536;"], [], [], []
    for name, v in sorted(case.get("sysctl", {}).items()):
        key = re.sub(r".*[./]|nf_conntrack_", "", name)
        if key == "checksum": ct.append("checksum = %s;" % str(bool(int(v))).lower())
        elif key == "tcp_loose": tcp_.append("loose = %s;" % str(bool(int(v))).lower())
        elif re.match(r"(tcp|udp|icmp|generic)_timeout", key): to.append("%s = %d;" % (key.replace("_timeout", ""), int(v)))
        elif "ratelimit" in name: bounds.append("icmp_ratelimit = %d;" % int(v))
        else: raise Skip("untranslatable", "sysctl " + name)
    if tcp_: ct.append("tcp: { %s };" % " ".join(tcp_))
    if to: ct.append("timeouts: { %s };" % " ".join(to))
    out.append("conntrack: { %s };" % " ".join(ct))
    out.append("answers: { %s };" % (" ".join(bounds) or "icmp_ratelimit = 0;"))
    st, dy = [], []
    for n, s in (c.get("sets") or {}).items():
        if s["type"] not in SET_TYPES: raise Skip("untranslatable", "set type " + s["type"])
        els = [re.sub(r"\btimeout (\d+)s$", r"timeout \1", e) for e in s.get("elements", [])]
        if "elements" in s and "timeout" not in s.get("flags", ()): st.append("  %s = [ %s ];" % (n, ", ".join(map(q, els))))
        else: dy.append("  %s: { type = %s;%s%s%s };" % (n, q(SET_TYPES[s["type"]]), " size = %d;" % s["size"] if "size" in s else "",
                                                        " timeout = %d;" % s["timeout"] if "timeout" in s else "",
                                                        " elements = [ %s ];" % ", ".join(map(q, els)) if els else ""))
    if st: out.append("sets: {\n%s\n};" % "\n".join(st))
    if dy: out.append("dynamic_sets: {\n%s\n};" % "\n".join(dy))
    for sec, f in (("limits", limit_text), ("quotas", quota_text)):
        if c.get(sec): out.append("%s: { %s };" % (sec, " ".join("%s = %s;" % (n, q(f(x))) for n, x in c[sec].items())))
    cs = []
    for ch in chains:
        cs.append("  { name = %s; priority = %d; policy = %s; rules = (\n%s ); }" % (
            q(ch["name"]), ch.get("priority", 0), q(ch.get("policy", "accept")), ",\n".join(rule_conf(r, k + 1) for k, r in enumerate(ch["rules"]))))
    return "\n".join(out) + "\nchains = (\n%s\n);\n" % ",\n".join(cs)


# ------------------------------------------------------------------ files
def load(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as f:
        return [json.loads(x) for x in f if x.strip()]


def write_pcap(path, records):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for us, frame in records: f.write(struct.pack("<IIII", us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)


def read_answers(path):
    """[(port, n, frame)] of the pcapng that --answers wrote: the interface's name is the port, the comment n=N the verdict line."""
    with open(path, "rb") as f: b = f.read()
    if b[:4] != b"\x0a\x0d\x0d\x0a": raise RunError("answers: not a pcapng")
    off, e, ifs, out = 0, "<", [], []
    def options(body, o):
        r = []
        while o + 4 <= len(body):
            c, n = struct.unpack_from(e + "HH", body, o)
            if c == 0: break
            r.append((c, body[o + 4:o + 4 + n]))
            o += 4 + ((n + 3) & ~3)
        return r
    try:
        while off + 12 <= len(b):
            if b[off:off + 4] == b"\x0a\x0d\x0d\x0a":
                e = "<" if b[off + 8:off + 12] == b"\x4d\x3c\x2b\x1a" else ">"
                ifs = []
            ty, n = struct.unpack_from(e + "II", b, off)
            if n < 12 or n % 4 or off + n > len(b): raise RunError("answers: block of %d bytes" % n)
            body = b[off + 8:off + n - 4]
            if ty == 1:
                if struct.unpack_from(e + "H", body)[0] != 1: raise RunError("answers: link type is not Ethernet")
                ifs.append(next((v.decode().rstrip("\0") for c, v in options(body, 8) if c == 2), None))
            elif ty == 6:
                i, _, _, cl, ol = struct.unpack_from(e + "IIIII", body)
                com = [v.decode(errors="replace") for c, v in options(body, 20 + ((cl + 3) & ~3)) if c == 1]
                m = next((re.search(r"\bn=(\d+)", c) for c in com if re.search(r"\bn=(\d+)", c)), None)
                if not m: raise RunError("answers: a frame without the comment n=N")
                if i >= len(ifs) or ifs[i] not in ("a", "b"): raise RunError("answers: interface without the name of a port")
                out.append((ifs[i], int(m[1]), body[20:20 + cl]))
            off += n
        if off != len(b): raise RunError("answers: cut off")
    except (struct.error, IndexError): raise RunError("answers: cut off") from None
    return out


# ------------------------------------------------------------------ a case
class Case:
    def __init__(self, kind, case, answer):
        self.kind, self.case, self.answer, self.id = kind, case, answer, case["id"]
        self.status, self.why, self.diffs = None, "", []
        self.agree = self.differ = self.blind = 0

    def prepare(self):
        try:
            if self.answer is None: raise Skip("failed", "no kernel answer")
            v = self.answer["variants"]
            if any("error" in x for x in v.values()): raise Skip("skipped", "no kernel answer")
            for a in self.case.get("actions", ()):
                if set(a) - {"before", "rules", "chains", "sets", "at", "limits", "quotas"}: raise Skip("skipped", "actions: " + ", ".join(sorted(set(a) - {"before"})))
            self.alone = bool(self.case.get("actions")) or self.kind in ("limit", "count", "sets") or self.id.startswith("rate/")
            self.conf = make_conf(self.case)
            self.pairs = {(f[12:14], bytes(sorted(l3(f)))[:0] + self.key(f)) for f in map(bytes.fromhex, (p["frame"] for p in self.case["packets"]))}
            self.times, now = [], 0
            for p in self.case["packets"]:
                now = max(now + 1000, p["at"] * 1000) if "at" in p else now + 1000
                self.times.append(now if "at" not in p else p["at"] * 1000)
            if "at" in (self.case["packets"] or [{}])[0]:
                t = -1
                for k, x in enumerate(self.times):          # equal times one microsecond apart
                    t = max(t + 1, x)
                    self.times[k] = t
            return True
        except Skip as e:
            self.status, self.why = e.args
            return False

    def key(self, f):
        p = l3(untag(f))
        return b"".join(sorted((p[12:16], p[16:20]))) if p[:1] and p[0] >> 4 == 4 else b"".join(sorted((p[8:24], p[24:40])))

    def frame(self, p, fr=None):
        side = p["side"]
        fr = fr or bytes.fromhex(p["frame"])
        return bytes.fromhex(p.get("dmac", MAC["b" if side == "a" else "a"].hex())) + bytes.fromhex(p.get("smac", MAC[side].hex())) + fr[12:]

    def diff(self, i, field, want, have, line=None):
        self.diffs.append({"packet": i, "field": field, "kernel": want, "ours": have, "rule": (line or {}).get("rule"), "verdict": (line or {}).get("verdict")})

    # ---- reject, limit, count, sets
    def compare(self, lines, answers, fields):
        completed = {j: w["i"] for w in self.answer["wire"] for j in w.get("releases", ())}
        for i, (w, line) in enumerate(zip(self.answer["wire"], lines)):
            if w.get("not_comparable"):
                self.blind += 1
                continue
            before = len(self.diffs)
            p = self.case["packets"][i]
            sent = self.frame(p)
            held = [self.frame(self.case["packets"][j]) for j in w.get("releases", ())]
            inv = reassemble(held + [sent]) if held else None
            have = line["verdict"] == "accept"
            last = completed.get(i)
            want = w if last is None else self.answer["wire"][last]
            if "forwarded" in fields and not ok(want.get("forwarded"), have): self.diff(i, "forwarded", want.get("forwarded"), have, line)
            mine = answers[i]
            if "answers_n" in fields and not ok(w["answers_n"], len(mine)): self.diff(i, "answers_n", w["answers_n"], len(mine), line)
            elif mine and line["verdict"] != "reject" and "answers_n" in fields: self.diff(i, "verdict", "reject", line["verdict"], line)
            for k, (port, fr) in enumerate(mine):
                if k >= len(w.get("answers", ())): break
                for path, a, b in answer_diffs(w["answers"][k], port, fr, sent, inv, fields):
                    self.diff(i, "answer %d %s" % (k, path) if k else path, a, b, line)
            if "ct_state" in w and last is None:
                if "ct_state" in fields and w["ct_state"] is not None and w["ct_state"] != line["state"]: self.diff(i, "ct_state", w["ct_state"], line["state"], line)
                if "dir" in fields and w["ct_state"] in ("new", "established", "related"):
                    if {"original": "orig"}.get(w["dir"], w["dir"]) != line["dir"]: self.diff(i, "dir", w["dir"], line["dir"], line)
                if "entry" in fields and w["ct_state"] in ("new", "established") and not isinstance(w["forwarded"], dict): self.entry(i, w.get("entry"), line["entry"], line)
            if len(self.diffs) > before: self.differ += 1
            else: self.agree += 1
        self.finish()

    def entry(self, i, want, have, line):
        if (want is None) != (have is None): self.diff(i, "entry", want is not None, have is not None, line)
        elif want:
            for f, a, b in (("entry.state", want["state"], have["state"]), ("entry.seen_reply", "UNREPLIED" not in want["flags"], have["seen_reply"]),
                            ("entry.assured", "ASSURED" in want["flags"], have["assured"])):
                if a != b: self.diff(i, f, a, b, line)
            if abs(want["timeout"] - have["timeout"]) > 1: self.diff(i, "entry.timeout", want["timeout"], have["timeout"], line)

    def finish(self): self.status = "differs" if self.diffs else "passed" if self.agree else "not comparable"

    # ---- synproxy: what came out on either side of each step, in the exchange's own numbers
    def compare_dialogue(self, steps, fields):
        """steps: per packet (line, [(side, frame) of the firewall's own], the packet's own frame if it was passed on)"""
        kernel = self.answer["variants"]["routed"]
        ours = {"packets": []}
        for i, st in enumerate(steps):
            r = {"i": i}
            if st is not None:
                line, own, passed = st
                r["answers"] = [{"side": s, **decode(f)} for s, f in own]
                r["fwd"] = [decode(f) for f in passed]
            ours["packets"].append(r)
        symbolic(self.case, ours)
        for i, (a, b) in enumerate(zip(kernel["packets"], ours["packets"])):
            before = len(self.diffs)
            if "blind" in self.case["packets"][i]:
                self.blind += 1
                continue
            if "not_sent" in a or steps[i] is None:
                if ("not_sent" in a) != (steps[i] is None): self.diff(i, "sent", "not_sent" not in a, steps[i] is not None)
                else: self.blind += 1
                continue
            line = steps[i][0]
            for side in "ab":
                x = [shape(y) for y in a.get("answers", []) if y["side"] == side]
                y = [shape(y) for y in b.get("answers", []) if y["side"] == side]
                if x != y: self.diff(i, "own frames to " + side, x, y, line)
            x, y = [shape(z) for z in a.get("fwd", [])], [shape(z) for z in b.get("fwd", [])]
            if x != y: self.diff(i, "passed on", x, y, line)
            if not all(z.get("tcp", {}).get("csum", True) for z in b.get("answers", []) + b.get("fwd", [])): self.diff(i, "checksum", True, False, line)
            if "entry" in fields:
                x, y = a.get("entry"), line["entry"]
                if (x is None) != (y is None): self.diff(i, "entry", x is not None, y is not None, line)
                elif x and x["state"] != y["state"]: self.diff(i, "entry.state", x["state"], y["state"], line)
            if len(self.diffs) > before: self.differ += 1
            else: self.agree += 1
        self.finish()


def shape(a):
    """What of a TCP frame of a dialogue is compared.  Free: window unless it must be 0, time stamps' own values, padding, the
    number in the acknowledgment field of a SYN, the echo that the kernel spoils in its ACK to the server."""
    t = a.get("tcp")
    if not t: return "not TCP"
    f = t["flags"]
    opts = []
    for x in t["opts"]:
        if x in ("nop", "eol"): continue
        if x.startswith("ts "):
            v, e = x.split()[1:]
            x = "ts %s %s" % (v if "S" not in f or v.startswith(("ct", "st")) else "kt", "*" if e.startswith("2st-kt") or e == "?" or "S" in f and e == "0" else e)
            if a.get("side") == "b" and "S" not in f and not t["len"]: x = "ts " + v + " *"
        opts.append(x)
    return {"flags": f, "seq": t["seq"], "ack": t["ack"] if "A" in f else "-", "len": t["len"], "opts": sorted(opts)}


# ------------------------------------------------------------------ constraints
def ok(want, have):
    if isinstance(want, dict):
        if want.get("free"): return True
        if "any" in want: return have in want["any"]
        if "min" in want: return isinstance(have, int) and have >= want["min"]
    return want == have


def answer_diffs(w, port, fr, sent, inv, fields):
    """The frame that the firewall sent against the constraint: (path, kernel's, ours)."""
    d = decode(fr)
    own = {sent[6:12].hex(): "packet.src", sent[:6].hex(): "packet.dst"}
    eth = {k: own.get(d["eth"][k], "own" if not int(d["eth"][k][:2], 16) & 1 else d["eth"][k]) for k in ("src", "dst")}
    eth["vlan"], eth["type"] = d["eth"].get("vlan"), d["eth"]["type"]
    if "side" in fields and w["side"] != port: yield "side", w["side"], port
    if "eth" in fields:
        for k in ("src", "dst", "vlan", "type"):
            want = w.get("eth", {}).get(k)
            if k == "type" and want is None: continue
            if not ok(want, eth[k]): yield "eth." + k, want, eth[k]
    if "ip" in fields:
        want, have = w.get("ip", {}), dict(d.get("ip", {}))
        dst = decode(sent).get("ip", {}).get("dst")
        for k in sorted(set(want) | set(have)):
            x, y = want.get(k), have.get(k)
            if k == "src" and isinstance(x, dict) and "any" in x:
                if y != dst and not ("own" in x["any"] and y in OWN): yield "ip.src", {"any": [dst] + OWN}, y
            elif k == "len" and "icmp" in w: continue
            elif k in ("df", "tos") and "icmp" in w and not isinstance(x, dict) and y == 0: continue
            elif not ok(x, y): yield "ip." + k, x, y
    for l in ("tcp", "icmp"):
        if l not in fields or l not in w and l not in d: continue
        if l not in w or l not in d:
            yield l, l in w, l in d
            continue
        have = dict(d[l])
        data = have.pop("data", None)
        for k in sorted((set(w[l]) | set(have)) - {"quote"}):
            if not ok(w[l].get(k), have.get(k)): yield "%s.%s" % (l, k), w[l].get(k), have.get(k)
        if l == "icmp" and "quote" in fields and data is not None:
            body = inv
            if body is None:
                p = l3(sent)
                body = p[:u16(p[2:4])] if p[0] >> 4 == 4 else p[:40 + u16(p[4:6])]
            h = quote(bytes.fromhex(data), body)
            want = w["icmp"].get("quote", {})
            for k in ("len", "ttl"):
                if k in want and not ok(want[k], h.get(k)): yield "quote." + k, want[k], h.get(k)
            for k in ("differs", "extra"):
                if h.get(k) is not None and not ok(want.get(k), h[k]): yield "quote." + k, want.get(k), h[k]


# ------------------------------------------------------------------ running sallyport
class Runner:
    def __init__(self, args, folder): self.args, self.folder, self.n = args, folder, 0

    def replay(self, conf, packets, actions=()):
        """packets: [(us, side, frame)]; actions: [(number of the packet, configuration)].  Returns (lines, [[(port, frame)] per packet], accepted)"""
        self.n += 1
        d = os.path.join(self.folder, "%04d" % self.n)
        os.mkdir(d)
        p = lambda x: os.path.join(d, x)
        with open(p("sallyport.conf"), "w") as f: f.write(conf)
        for s in "ab": write_pcap(p(s + ".pcap"), [(EPOCH * 1_000_000 + t, fr) for t, side, fr in packets if side == s])
        words = [*self.args.sallyport.split(), "replay", "-c", p("sallyport.conf"), "--verdicts", p("verdicts.jsonl"), "--answers", p("answers.pcapng"),
                 "--accepted", p("accepted.pcap"), "--seed", self.args.seed, "--settle", "60"]
        for k, (n, text) in enumerate(actions):
            with open(p("at%d.conf" % k), "w") as f: f.write(text)
            words += ["--at", "%d=%s" % (n + 1, p("at%d.conf" % k))]
        words += ["--port", "a=" + p("a.pcap"), "--port", "b=" + p("b.pcap")]
        with open(p("command"), "w") as f: f.write(" ".join(words) + "\n")
        try:
            try: r = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=self.args.timeout)
            except subprocess.TimeoutExpired: raise RunError("no end after %g s" % self.args.timeout) from None
            except OSError as e: raise RunError("cannot run: %s" % e.strerror) from None
            if r.returncode: raise RunError("exit status %d: %s" % (r.returncode, " | ".join((r.stderr or r.stdout).strip().splitlines()[-4:])[-400:]))
            for x in ("verdicts.jsonl", "answers.pcapng"):
                if not os.path.exists(p(x)): raise RunError("%s was not written" % x)
            with open(p("verdicts.jsonl"), errors="replace") as f: text = f.read().splitlines()
            order = sorted(range(len(packets)), key=lambda k: (packets[k][0], packets[k][1], k))
            if len(text) != len(packets): raise RunError("%d verdict lines for %d packets" % (len(text), len(packets)))
            lines = [None] * len(packets)
            for n, (k, x) in enumerate(zip(order, text), 1):
                try:
                    v = json.loads(x)
                    if (v["n"], v["port"], round(v["ts"] * 1e6)) != (n, packets[k][1], EPOCH * 1_000_000 + packets[k][0]): raise RunError("verdict line %d: n, port or ts" % n)
                    v["reason"], v["state"], v["dir"], v["entry"]
                    if v["verdict"] not in ("accept", "drop", "reject"): raise RunError("verdict line %d: verdict %s" % (n, v["verdict"]))
                except (ValueError, KeyError, TypeError) as e: raise RunError("verdict line %d: %s" % (n, e)) from None
                lines[k] = v
            out = [[] for _ in packets]
            for port, n, fr in read_answers(p("answers.pcapng")):
                if not 1 <= n <= len(packets): raise RunError("answers: n=%d" % n)
                out[order[n - 1]].append((port, fr))
            passed = None
            if os.path.exists(p("accepted.pcap")): passed = read_pcap(p("accepted.pcap"))
            return lines, out, passed
        finally:
            if not self.args.keep: shutil.rmtree(d, ignore_errors=True)


def read_pcap(path):
    with open(path, "rb") as f: b = f.read()
    out, off = [], 24
    while off + 16 <= len(b):
        cl = struct.unpack_from("<I", b, off + 8)[0]
        out.append(b[off + 16:off + 16 + cl])
        off += 16 + cl
    return out


def run_group(runner, cases, args):
    """Cases with one configuration and no addresses in common."""
    packets, at, now = [], [], 0
    for c in cases:
        at.append(len(packets))
        packets += [(now + t, p["side"], c.frame(p)) for p, t in zip(c.case["packets"], c.times)]
        now = (packets[-1][0] if packets else now) + 10_000_000
    actions = []
    if len(cases) == 1:
        for a in cases[0].case.get("actions", ()):
            if "rules" in a or "chains" in a: actions.append((a["before"], make_conf(cases[0].case, a)))
    lines, answers, _ = runner.replay(cases[0].conf, packets, actions)
    for c, k in zip(cases, at):
        n = len(c.case["packets"])
        c.compare(lines[k:k + n], answers[k:k + n], args.fields)


def run_dialogues(runner, cases, args):
    """The k-th replay has one packet more of every case than the one before it."""
    groups = collections.defaultdict(list)
    for c in cases: groups[c.conf].append(c)
    for conf, cs in groups.items():
        for c in cs: c.steps, c.sent = [], []
        try:
            for k in range(max(len(c.case["packets"]) for c in cs)):
                packets, who = [], []
                for c in cs:
                    if k < len(c.case["packets"]):
                        fr = apply_patches(c.case["packets"][k], [[] if s is None else s[3] for s in c.steps])
                        c.sent.append(None if fr is None else c.frame(c.case["packets"][k], fr))
                    for j, fr in enumerate(c.sent):
                        if fr is not None:
                            packets.append((j * 1_000_000 + cs.index(c) * 100, c.case["packets"][j]["side"], fr))
                            who.append((c, j))
                order = sorted(range(len(packets)), key=lambda x: packets[x][0])
                packets, who = [packets[x] for x in order], [who[x] for x in order]
                lines, out, passed = runner.replay(conf, packets)
                got = {(id(c), j): (lines[x], out[x]) for x, (c, j) in enumerate(who)}
                acc = iter(passed or [])
                fwd = {}
                for x, (c, j) in enumerate(who):
                    if lines[x]["verdict"] == "accept":
                        f = next(acc, None)
                        if f is None: raise RunError("accepted: fewer frames than accepted packets")
                        fwd[id(c), j] = [f]
                for c in cs:
                    c.steps = []
                    for j, fr in enumerate(c.sent):
                        if fr is None: c.steps.append(None)
                        else:
                            line, own = got[id(c), j]
                            far = "b" if c.case["packets"][j]["side"] == "a" else "a"
                            passed_on = fwd.get((id(c), j), [])
                            c.steps.append((line, own, passed_on, [(s, f) for s, f in own] + [(far, f) for f in passed_on]))
            for c in cs: c.compare_dialogue([None if s is None else s[:3] for s in c.steps], args.fields)
        except RunError as e:
            for c in cs: c.status, c.why = "failed", str(e)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("files", nargs="+", help="a folder with cases/ and expected/, or one case file (its answers in ../expected)")
    ap.add_argument("--sallyport", default="sallyport", help="the program, with words in front if need be")
    ap.add_argument("--only", default="*", metavar="GLOB")
    ap.add_argument("--kinds", default=",".join(KINDS))
    ap.add_argument("--fields", default=",".join(FIELDS), help="of: %(default)s")
    ap.add_argument("--seed", default="0123456789abcdef")
    ap.add_argument("--own", action="append", default=[], metavar="ADDR", help="an address the firewall may answer from (default: only the packet's destination)")
    ap.add_argument("--timeout", type=float, default=60)
    ap.add_argument("--most", type=int, default=25, help="differences printed (25)")
    ap.add_argument("--keep", metavar="DIR")
    ap.add_argument("--report", metavar="FILE.json")
    ap.add_argument("--no-batch", dest="batch", action="store_false")
    ap.add_argument("--conf", action="store_true", help="print the configurations and stop")
    args = ap.parse_args()
    OWN.extend(args.own)
    args.fields, kinds = args.fields.split(","), args.kinds.split(",")
    if set(args.fields) - set(FIELDS) or set(kinds) - set(KINDS): ap.error("unknown field or kind")
    paths = []
    for f in args.files:
        paths += [os.path.join(f, "cases", k + ".jsonl.gz") for k in KINDS] if os.path.isdir(f) else [f]
    cases = []
    for f in paths:
        kind = os.path.basename(f).split(".")[0]
        if kind not in kinds or not os.path.exists(f): continue
        e = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(f))), "expected", os.path.basename(f))
        known = {r["id"]: r for r in load(e)} if os.path.exists(e) else {}
        cases += [Case(kind, c, known.get(c["id"])) for c in load(f) if fnmatch.fnmatchcase(c["id"], args.only)]
    if not cases:
        print("compare_policy.py: no cases", file=sys.stderr)
        return 2
    ready = [c for c in cases if c.prepare()]
    if args.conf:
        for c in ready: print("# %s: %s\n%s" % (c.id, c.case["desc"], c.conf))
        return 0
    if args.keep: os.makedirs(args.keep, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="policy.", dir=args.keep)
    runner = Runner(args, folder)
    try:
        groups = []
        for c in ready:
            if c.kind == "synproxy": continue
            g = None
            if args.batch and not c.alone:
                g = next((g for g in groups if g[0] == c.conf and not g[1] & c.pairs and sum(len(x.case["packets"]) for x in g[2]) < 2000), None)
            if g is None:
                g = [c.conf if args.batch and not c.alone else None, set(), []]
                groups.append(g)
            g[1] |= c.pairs
            g[2].append(c)
        for _, _, cs in groups:
            todo = [cs]
            while todo:
                some = todo.pop()
                try: run_group(runner, some, args)
                except RunError as e:
                    if len(some) > 1 and runner.n < 2000: todo += [some[len(some) // 2:], some[:len(some) // 2]]
                    else:
                        for c in some: c.status, c.why = "failed", str(e)
        run_dialogues(runner, [c for c in ready if c.kind == "synproxy"], args)
    finally:
        if args.keep: print("replays kept in " + folder)
        else: shutil.rmtree(folder, ignore_errors=True)
    found = [(c, d) for c in cases for d in c.diffs]
    for c, d in found[:args.most]:
        print("%s packet %d: %s: kernel %s, ours %s   (%s%s)" % (c.id, d["packet"], d["field"], json.dumps(d["kernel"]), json.dumps(d["ours"]), d["verdict"], " " + d["rule"] if d["rule"] else ""))
    if len(found) > args.most: print("... %d more differences" % (len(found) - args.most))
    for c in [c for c in cases if c.status == "failed"][:args.most]: print("FAILED %s: %s" % (c.id, c.why))
    order = ["passed", "differs", "failed", "skipped", "untranslatable", "not comparable"]
    print("%-10s %6s" % ("kind", "cases") + "".join("%15s" % s for s in order) + "   packets agree/differ/blind")
    for k in [k for k in KINDS if any(c.kind == k for c in cases)] + ["all"]:
        cs = [c for c in cases if k in ("all", c.kind)]
        print("%-10s %6d" % (k, len(cs)) + "".join("%15d" % sum(c.status == s for c in cs) for s in order) + "   %d/%d/%d" % tuple(sum(getattr(c, x) for c in cs) for x in ("agree", "differ", "blind")))
    for why, n in collections.Counter((c.status, c.why) for c in cases if c.status in ("skipped", "untranslatable")).items(): print("%s: %s: %d" % (*why, n))
    if args.report:
        with open(args.report, "w") as f:
            json.dump([{"kind": c.kind, "id": c.id, "status": c.status, "why": c.why, "differences": c.diffs} for c in cases], f, indent=1)
    bad, good = sum(c.status in ("differs", "failed") for c in cases), sum(c.status == "passed" for c in cases)
    print("%d replays; %d passed, %d failed" % (runner.n, good, bad))
    return 1 if bad else 0 if good else 2


if __name__ == "__main__":
    sys.exit(main())
