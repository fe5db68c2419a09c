"""Random sequences, made anew by the same seed."""
import random, re, struct

from frames import *

# ---------------------------------------------------------------- 2. random sequences
M32 = 0xFFFFFFFF


class Model:
    """A rough copy of what a window tracker keeps: used only to aim at the edges."""

    def __init__(self, rng, isn):
        self.isn, self.nxt, self.end, self.maxend, self.maxwin, self.maxack, self.scale = isn, isn, isn, isn, 1, 0, 0
        self.ws = rng.choice([None, None, 0, 1, 3, 7, 14])
        self.win = rng.choice([0, 1, 10, 100, 1000, 4000, 8192, 29200, 65535, 65535])


def random_tcp(c, rng, n):
    flows = []
    def newflow(reuse=None):
        if rng.random() < 0.15: isn = {"a": rng.choice([0, M32, M32 - 5, 0x7FFFFFFF, 0x80000000]), "b": rng.getrandbits(32)}
        else: isn = {"a": rng.getrandbits(32), "b": rng.getrandbits(32)}
        m = {s: Model(rng, isn[s]) for s in "ab"}
        sp, dp = reuse if reuse else (40000 + len(flows), rng.choice([80, 80, 443, 22, 8080, 81]) if rng.random() < 0.9 else 40000)
        flows.append(dict(m=m, sp=sp, dp=dp, hist=[], sackok=rng.random() < 0.5))
        return flows[-1]

    def seg(f, side, fl, seq, ack, ln=0, win=None, opts=b"", ck=None, record=True):
        m, o = f["m"][side], f["m"]["b" if side == "a" else "a"]
        s, d = c.addr(side)
        sp, dp = (f["sp"], f["dp"]) if side == "a" else (f["dp"], f["sp"])
        fv = flags(fl)
        w = m.win if win is None else win
        if not fv & 16 and rng.random() < 0.9: ack = 0
        c.raw(side, ipx(s, d, 6, tcp(s, d, sp, dp, fv, seq, ack, w, bytes(rng.choice(b"abcdef") for _ in range(ln)), opts, ck)),
              0)
        if record: f["hist"].append((side, fl, seq, ack, ln, w, opts))
        # what a tracker would remember
        e = (seq + ln + (1 if fv & 2 else 0) + (1 if fv & 1 else 0)) & M32
        if fv & 2 and not fv & 16 or m.end == m.isn and fv & 2:
            m.end = m.nxt = e
        if ck is None and not fv & 4:
            if 0 < ((e - m.end) & M32) < 1 << 24: m.end = e
            sw = w << (m.scale if not fv & 2 else 0)
            m.maxwin = max(m.maxwin, sw)
            if fv & 16:
                me = (ack + max(sw, 1)) & M32
                if 0 < ((me - o.maxend) & M32) < 1 << 31 or o.maxend == o.isn: o.maxend = me
                m.maxack = ack

    def wopts(f, side, syn):
        m = f["m"][side]
        o = b""
        if syn:
            if rng.random() < 0.7: o += MSS
            if f["sackok"]: o += SACKOK
            if m.ws is not None: o += WS(m.ws)
            if rng.random() < 0.2: o += TS(1, 0)
        elif rng.random() < 0.1: o += TS(5, 6)
        return o

    def pick_seq(f, side):
        m, o = f["m"][side], f["m"]["b" if side == "a" else "a"]
        return rng.choice([m.nxt - 1, m.nxt + 1, m.maxend, m.maxend + 1, m.maxend - 1, m.maxend + 2, m.end - o.maxwin, m.end - o.maxwin - 1, m.end - o.maxwin + 1,
                           m.isn, m.isn + 1, o.maxack, o.maxack + 1, o.maxack - 1, m.nxt + (1 << 31), m.nxt - (1 << 31), m.nxt + rng.randint(-70000, 70000), rng.getrandbits(32), m.nxt + rng.randint(0, 3000)]) & M32

    def pick_ack(f, side):
        m, o = f["m"][side], f["m"]["b" if side == "a" else "a"]
        mx = max(m.maxwin, 66000)
        return rng.choice([o.end + 1, o.end - 1, o.end, o.end - mx, o.end - mx - 1, o.end - mx + 1, 0, o.isn, o.isn + 1, o.end + (1 << 31), rng.getrandbits(32), o.end + rng.randint(-70000, 2000), o.nxt + rng.randint(1, 100)]) & M32

    def plain(f, side, fl, ln=0, **kw):
        m, o = f["m"][side], f["m"]["b" if side == "a" else "a"]
        seg(f, side, fl, m.nxt, o.end, ln, **kw)
        fv = flags(fl)
        m.nxt = (m.nxt + ln + (1 if fv & 1 else 0)) & M32 if not fv & 2 else m.nxt

    f = newflow()
    start = rng.random()
    def handshake(f, init="a", perturb=0.0):
        resp = "b" if init == "a" else "a"
        x, y = f["m"][init], f["m"][resp]
        seg(f, init, "S", x.isn, 0, opts=wopts(f, init, True))
        if rng.random() < perturb: step(f)
        if x.ws is not None and y.ws is not None: x.scale, y.scale = x.ws, y.ws
        seg(f, resp, "SA", y.isn, x.isn + 1, opts=wopts(f, resp, True) if x.ws is not None else (MSS if rng.random() < 0.5 else b""))
        x.nxt, y.nxt = (x.isn + 1) & M32, (y.isn + 1) & M32
        if rng.random() < perturb: step(f)
        seg(f, init, "A", x.isn + 1, y.isn + 1)

    def step(f):
        side = rng.choice("ab")
        m, o = f["m"][side], f["m"]["b" if side == "a" else "a"]
        k = rng.choices(["data", "ack", "fin", "rst", "syn", "synack", "retrans", "weird", "badck", "win", "sack", "newsyn"],
                        [26, 22, 12, 8, 5, 4, 9, 3, 2, 4, 3, 2])[0]
        pert = rng.random() < 0.28
        seq = pick_seq(f, side) if pert and rng.random() < 0.6 else m.nxt
        ack = pick_ack(f, side) if pert and seq == m.nxt else o.end
        if k == "data":
            ln = rng.choice([1, 2, 10, 100, 500, 1000, 1460])
            seg(f, side, rng.choice(["A", "PA", "PA", "PAU"]) if rng.random() > 0.04 else "P", seq, ack, ln, opts=wopts(f, side, False))
            if not pert: m.nxt = (m.nxt + ln) & M32
        elif k == "ack": seg(f, side, "A", seq, ack, opts=wopts(f, side, False))
        elif k == "fin":
            ln = rng.choice([0, 0, 0, 50])
            seg(f, side, "FA" if rng.random() < 0.95 else "F", seq, ack, ln)
            if not pert: m.nxt = (m.nxt + ln + 1) & M32
        elif k == "rst": seg(f, side, rng.choice(["R", "RA"]), pick_seq(f, side) if rng.random() < 0.6 else m.nxt, ack, win=0)
        elif k == "syn": seg(f, side, "S", rng.choice([m.isn, m.isn, m.nxt, m.nxt + 100000, pick_seq(f, side)]) & M32, 0, opts=wopts(f, side, True))
        elif k == "newsyn":
            m.isn = rng.getrandbits(32); seg(f, side, "S", m.isn, 0, opts=wopts(f, side, True)); m.nxt = m.end = (m.isn + 1) & M32
        elif k == "synack": seg(f, side, "SA", rng.choice([m.isn, m.isn, m.nxt, pick_seq(f, side)]), rng.choice([o.isn + 1, o.end, pick_ack(f, side)]) & M32, opts=wopts(f, side, True))
        elif k == "retrans" and f["hist"]:
            h = rng.choice(f["hist"][-6:])
            seg(f, *h, record=False)
        elif k == "weird": seg(f, side, rng.randrange(0, 64), seq, ack, rng.choice([0, 5]))
        elif k == "badck": seg(f, side, rng.choice(["A", "S", "R", "FA"]), seq, ack, ck=lambda v: v ^ 0x55, record=False)
        elif k == "win":
            m.win = rng.choice([0, 1, 100, 1000, 8192, 65535]); seg(f, side, "A", m.nxt, o.end)
        elif k == "sack":
            l = (m.maxack + rng.choice([10, 500, 5000])) & M32
            seg(f, side, "A", m.nxt, o.end if rng.random() < 0.6 else (o.end - 500) & M32, opts=b"\1\1" + SACK((l, l + rng.choice([1, 400, 20000]))))
        else: seg(f, side, "A", seq, ack)

    P = lambda: len(c.d["packets"])
    if start < 0.5: handshake(f)
    elif start < 0.7: handshake(f, "a", 0.5)
    elif start < 0.75: handshake(f, "b", 0.2)
    elif start < 0.88:
        for s in "ab": f["m"][s].nxt = f["m"][s].end = (f["m"][s].isn + 5000) & M32
    elif start < 0.93:
        seg(f, "a", "S", f["m"]["a"].isn, 0, opts=wopts(f, "a", True)); seg(f, "b", "S", f["m"]["b"].isn, 0, opts=wopts(f, "b", True))
        for s in "ab": f["m"][s].nxt = f["m"][s].end = (f["m"][s].isn + 1) & M32
    while P() < n:
        if rng.random() < 0.03 and len(flows) < 3:
            nf = newflow((f["sp"], f["dp"]) if rng.random() < 0.7 else None)
            f = nf
            if rng.random() < 0.8: handshake(f)
        else: step(rng.choice(flows) if rng.random() < 0.2 else f)
    del c.d["packets"][n:]


def random_udp(c, rng, n):
    for _ in range(n):
        sp, dp = rng.choice([40000, 40000, 53, 5001]), rng.choice([53, 53, 9, 5001])
        k = rng.random()
        kw = {}
        if k < 0.08: kw["ck"] = 0
        elif k < 0.16: kw["ck"] = lambda v: v ^ 7
        elif k < 0.22: kw["ln"] = rng.choice([0, 4, 8, 11, 13, 99])
        side = rng.choice("ab")
        c.u(side, n=rng.choice([0, 1, 4, 100]), sp=sp, dp=dp, **kw)
        if rng.random() < 0.15: err(c, rng.choice("ab"), rng.choice(["unreach", "time", "host"]), c.last(), src=rng.choice([None, c.C]))


def random_icmp(c, rng, n):
    q, r = ECHO[c.fam]
    for _ in range(n):
        k = rng.random()
        side = rng.choice("ab")
        if k < 0.35: c.i(side, q, rng.choice([0, 0, 0, 3]), ident=rng.choice([7, 7, 8]), seq=rng.randrange(3))
        elif k < 0.65: c.i(side, r, rng.choice([0, 0, 0, 3]), ident=rng.choice([7, 7, 8]), seq=rng.randrange(3))
        elif k < 0.72: c.i(side, rng.randrange(256), ident=7)
        elif k < 0.78: c.u("a")
        elif c.d["packets"]:
            p = bytes.fromhex(rng.choice(c.d["packets"][-5:])["frame"])[14:]
            if rng.random() < 0.2: p = p[:rng.randrange(len(p))]
            a = {}
            if rng.random() < 0.3: a["src"] = rng.choice([c.C, c.D])
            if rng.random() < 0.15: a["dst"] = rng.choice([c.C, c.D])
            err(c, side, rng.choice(list(ERR[c.fam])), p, **a)
        else: c.i("a", q)


def random_sctp(c, rng, n):
    tag = {"a": 0x1111, "b": 0x2222}
    if rng.random() < 0.6:
        c.s("a", 0, init_chunk(INIT, tag["a"])).s("b", tag["a"], init_chunk(INITACK, tag["b"])).s("a", tag["b"], chunk(COOKIE, 0, b"c" * 8)).s("b", tag["a"], chunk(COOKIEACK))
    while len(c.d["packets"]) < n:
        side = rng.choice("ab")
        o = "b" if side == "a" else "a"
        t = rng.choice([DATA, DATA, INIT, INITACK, SACKC, HB, HBACK, ABORT, SHUT, SHUTACK, SERR, COOKIE, COOKIEACK, SHUTCOMP])
        v = tag[o] if rng.random() < 0.75 else rng.choice([0, tag[side], 0x9999])
        if t == INIT and rng.random() < 0.8: v = 0
        fl = 1 if t in (ABORT, SHUTCOMP) and rng.random() < 0.3 else 0
        b = init_chunk(t, tag[side] if rng.random() < 0.8 else 0x7777) if t in (INIT, INITACK) else sdata() if t == DATA else chunk(t, fl, b"\0" * rng.choice([0, 4, 8]))
        if rng.random() < 0.15: b += sdata() if rng.random() < 0.7 else chunk(rng.choice([COOKIEACK, COOKIE, ABORT, SHUT]))
        c.s(side, v, b, **({"ck": 5} if rng.random() < 0.03 else {}))


def random_frag(c, rng, n):
    ident = 0
    while len(c.d["packets"]) < n:
        ident += 1
        ln = rng.choice([16, 40, 92, 200])
        k = rng.random()
        side = rng.choice("ab")
        s, d = c.addr(side)
        if k < 0.6: pr, seg = 17, useg(c, ln, side=side)
        elif k < 0.8:
            pr = 1 if c.fam == 4 else 58
            t = ECHO[c.fam][0 if side == "a" else 1]
            seg = icmp(t, 0, 7, 1, b"p" * ln) if c.fam == 4 else icmp6(s, d, t, 0, 7, 1, b"p" * ln)
        else: pr, seg = 6, tcp(s, d, 40000 if side == "a" else 80, 80 if side == "a" else 40000, rng.choice(["S", "A", "PA"]), 100, 100, data=b"t" * ln)
        cut = sorted(set([0] + [8 * rng.randrange(1, (len(seg) + 7) // 8) for _ in range(rng.choice([1, 1, 2, 3]))]))
        cuts = [(x, y, y < len(seg)) for x, y in zip(cut, cut[1:] + [len(seg)])]
        z = rng.random()
        order = list(range(len(cuts)))
        if z < 0.4: rng.shuffle(order)
        if 0.4 < z < 0.5: order.append(rng.choice(order))
        if 0.5 < z < 0.6: order.pop(rng.randrange(len(order)))
        if 0.6 < z < 0.7:
            j = rng.randrange(len(cuts))
            x, y, mf = cuts[j]
            cuts[j] = (max(0, x - 8), y, mf)
        if 0.7 < z < 0.75 and len(cuts) > 1: cuts[0] = (0, cuts[0][1] - 4, 1)
        fragx(c, side, pr, seg, cuts, ident=ident, order=order)


# ------------------------------------------------------------------ SCTP: how an association opens, and chunks cut short
def random_opening(c, rng, n):
    """INITs and INIT ACKs of both sides with tags that change, so that some are repeated, stale or cross."""
    tags = {"a": [0x1111, 0x1112, 0x1113], "b": [0x2222, 0x2223, 0x2224]}
    told = {"a": 0, "b": 0}                                # what each side has last told as its tag
    def tag(s): return rng.choice(tags[s][:2] if rng.random() < 0.7 else tags[s] + [0, 0x7777])
    while len(c.d["packets"]) < n:
        s = rng.choice("aab" if not c.d["packets"] else "ab")
        o = "b" if s == "a" else "a"
        v = told[o] if rng.random() < 0.85 else rng.choice(tags[o] + tags[s] + [0, 0x9999])
        t = rng.choices([INIT, INITACK, COOKIE, COOKIEACK, DATA, HB, HBACK, ABORT, SHUT, SHUTACK, SERR, SHUTCOMP, 0x80],
                        [26, 26, 14, 12, 5, 4, 4, 2, 2, 2, 2, 1, 1])[0]
        if t == INIT and rng.random() < 0.95: v = 0
        b = random_chunk(rng, t, told, s, tag)
        while rng.random() < 0.1: b += random_chunk(rng, rng.choice([DATA, COOKIE, COOKIEACK, HB, HBACK, ABORT, SHUT, SERR, INIT, INITACK]), told, s, tag)
        if rng.random() < 0.12: b = b[:rng.randrange(len(b) + 1)]
        if rng.random() < 0.03: b += bytes(rng.randrange(5))
        c.s(s, v, b, sp=40000 if rng.random() < 0.95 else 40001, **({"ck": 5} if rng.random() < 0.02 else {}))


def random_chunk(rng, t, told, s, tag):
    if t in (INIT, INITACK):
        told[s] = tag(s)
        val = struct.pack("!IIHHI", told[s], 65535, 10, 10, 1)
    else: val = struct.pack("!IHHI", 1, 0, 0, 0) if t == DATA else b""
    if rng.random() < 0.1: val = val[:rng.randrange(len(val) + 1)]         # the fixed part is cut short, the chunk is whole
    val += bytes(rng.choice([0, 0, 4, 8, 5, 7]))
    return chunk(t, 1 if rng.random() < 0.15 else 0, val, rng.choice([0, 1, 2, 3, 4, 5, len(val), len(val) + 5, len(val) + 9, 65535]) if rng.random() < 0.06 else None)


# ------------------------------------------------------------------ FTP: how an announcement is spelled
def random_ftp(c, rng, n):
    """Announcements, well spelled and badly, and who then tries to open the data connection."""
    pos, sp = {"a": 1, "b": 1}, 45000
    c.hs(dp=21)
    def say(s, text):
        o, (src, dst) = "b" if s == "a" else "a", c.addr(s)
        ports = (40000, 21) if s == "a" else (21, 40000)
        c.raw(s, ipx(src, dst, 6, tcp(src, dst, *ports, "PA", c.isn[s] + pos[s], c.isn[o] + pos[o], data=text)))
        pos[s] += len(text)
    while len(c.d["packets"]) < n:
        s, port = rng.choice("ab"), rng.choice([0, 5, 255, 256, 1930, 50000, 65535])
        say(s, rng.choice([b"NOOP\r\n", b"200 fine\r\n", b"x\n"] * 5 + [b"NOOP"]))       # only what begins a line is read
        say(s, announcement(c, rng, s, port))
        for p in (port, port ^ 1):
            sp += 1
            c.t("b" if s == "a" else "a", "S", **(dict(sp=p, dp=sp) if s == "a" else dict(sp=sp, dp=p)))


def announcement(c, rng, s, port):
    """Octets above 255 and ports above 65535 are left out: known-differences.txt."""
    while True:
        words = spelled(c, rng, s, port)
        if rng.random() < 0.35: words = mutated(rng, words)
        text = words.encode("latin-1")
        octets = re.findall("[0-9]+", words[4:])
        is_extended = words[:4].upper() in ("EPRT", "229 ")
        most = max([int(x) for x in octets] or [0])
        if most > (65535 if is_extended else 255) or is_extended and c.fam == 4 and max([int(x) for x in octets[1:5]] or [0]) > 255: continue
        # no test for the parser of the kernel's that asks: eight words and ::
        if not any("::" in x and len(re.findall("[0-9a-fA-F]+", x)) > 7 for x in re.findall("[0-9a-fA-F:.]+", words)): return text


def spelled(c, rng, s, port):
    own = c.addr(s)[0] if rng.random() < 0.85 else rng.choice([c.A, c.B, c.C, c.D])
    kind = rng.choice(["PORT", "EPRT", "EPRT"] if s == "a" else ["227 ", "229 "])
    if rng.random() < 0.05: kind = rng.choice(["PORT", "EPRT", "227 ", "229 ", "228 ", "PASV", "EPSV"])
    key = "".join(rng.choice([x, x.lower()]) for x in kind) if rng.random() < 0.3 else kind
    end = "\r\n" if rng.random() < 0.85 else rng.choice(["\n", "\r", " \r\n", "", "\0\r\n", ".\r\n"])
    d = "|" if rng.random() < 0.6 else rng.choice("!#$,./:;=~aAfFgz(-_" + " 1\t\x7f\xa0")
    if kind in ("PORT", "227 "):
        ip = own if c.fam == 4 else "10.1.0.2"
        numbers = [number(rng, int(x)) for x in ip.split(".")] + [number(rng, port >> 8), number(rng, port & 255)]
        six = ("," if rng.random() < 0.96 else rng.choice([".", ", ", ";", ",,"])).join(numbers)
        if kind == "PORT": return key + (" " if rng.random() < 0.93 else rng.choice(["", "  ", "S ", "\t", " ("])) + six + end
        return key + rng.choice(["Entering Passive Mode (%s).", "%s", "=%s", "ok (%s)", "(%s", "IPv4 (%s)", "-%s x"]) % six + end
    if kind == "EPRT":
        number_of = str({4: 1, 6: 2}[c.fam]) if rng.random() < 0.93 else rng.choice(["1", "2", "3", "0", "", "01", "02"])
        address = ".".join(number(rng, int(x)) for x in own.split(".")) if c.fam == 4 else address6(rng, own)
        return key + (" " if rng.random() < 0.95 else rng.choice(["", "  ", "x "])) + d + number_of + d + address + d + number(rng, port) + d + end
    return key + rng.choice(["Entering Extended Passive Mode (", "(", "ok (", "x ((", "x "]) + d * (3 if rng.random() < 0.92 else rng.choice([0, 1, 2, 4])) + number(rng, port) + d + rng.choice([")", ").", ""]) + end


def number(rng, v):
    k = rng.random()
    return str(v) if k < 0.6 else "" if k < 0.68 and v == 0 else "%0*d" % (rng.choice([2, 3, 4, 5, 12, 30]), v) if k < 0.95 else rng.choice(["+%d", " %d", "%d ", "-%d", "0x%x"]) % v


def address6(rng, address):
    """One of the many spellings of an address, most of them right (RFC 4291, 2.2)."""
    b = aton(address)
    words = ["%0*x" % (rng.choice([0, 0, 0, 2, 4, 4, 5, 9]) if rng.random() < 0.5 else 0, x) for x in struct.unpack("!8H", b)]
    if rng.random() < 0.3: words = [x.upper() for x in words]
    if rng.random() < 0.3: words[6:] = [".".join("%0*d" % (rng.choice([0, 0, 0, 3, 5]), x) for x in b[12:])]
    zero = [int(x, 16) == 0 if "." not in x else False for x in words]
    runs = [(i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1) if all(zero[i:j])]
    if runs and rng.random() < 0.75:
        i, j = rng.choice(runs)
        return ":".join(words[:i]) + "::" + ":".join(words[j:])
    return ":".join(words)


def mutated(rng, text):
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        i = rng.randrange(len(text) + 1)
        k = rng.random()
        if k < 0.4: text = text[:i] + text[i + 1:]
        elif k < 0.8: text = text[:i] + rng.choice("|:.,0 1a\0\r\n()fF%-") + text[i:]
        elif k < 0.9: text = text[:i]
        else: text = text[:i] + rng.choice("|:.,0 19a\0") + text[i + 1:]
    return text or "x"


# ------------------------------------------------------------------ IPv6 extension headers
PADS = bytes([1, 4, 0, 0, 0, 0])


def random_ext(c, rng, n):
    """Chains of extension headers: right, wrong, cut short, with lengths that lie; and errors about them."""
    while len(c.d["packets"]) < n:
        s = rng.choice("ab")
        if c.d["packets"] and rng.random() < 0.12:
            p = c.last(-rng.randrange(1, min(4, len(c.d["packets"])) + 1))
            err(c, s, rng.choice(list(ERR[6])), p[:rng.randrange(len(p) + 1)], src=rng.choice([None, None, c.C if s == "b" else c.D]))
            continue
        nh, pl = upper6(c, rng, s)
        if rng.random() < 0.12:
            pieces6(c, rng, s, nh, pl)
            continue
        for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 6])):
            nh, pl = extension(rng, nh, pl)
        if rng.random() < 0.25: pl = pl[:rng.randrange(len(pl) + 1)]
        plen = None
        if rng.random() < 0.15: plen = rng.choice([0, 0, 1, 7, 8, 12, 16, max(0, len(pl) - 1), max(0, len(pl) - 8), len(pl) + 1, len(pl) + 8, 65535])
        if rng.random() < 0.08: plen, pl = len(pl), pl + bytes(rng.randrange(12))
        src, dst = c.addr(s)
        c.raw(s, ip6(src, dst, nh, pl, plen=plen))


def pieces6(c, rng, s, nh, pl):
    """In fragments, most of them right, with headers before and behind the fragment header; without AH, behind which rules
    and conntrack do not see the same."""
    for _ in range(rng.choice([0, 0, 1, 2])): nh, pl = extension(rng, nh, pl, ah=0)
    step, ident = 8 if rng.random() < 0.85 else rng.choice([1, 4, 12]), rng.randrange(1, 1 << 32)
    cuts = sorted({0, len(pl), *(step * rng.randrange(len(pl) // step + 1) for _ in range(rng.choice([1, 1, 2])))})
    pieces = list(zip(cuts, cuts[1:]))
    if rng.random() < 0.3: rng.shuffle(pieces)
    if rng.random() < 0.1: del pieces[-1:]
    for x, y in pieces:
        h, b = 44, struct.pack("!BBHI", nh, 0, x & 0xFFF8 | (y < len(pl)), ident) + pl[x:y]
        for _ in range(rng.choice([0, 0, 0, 1, 2])): h, b = extension(rng, h, b, ah=0)
        c.raw(s, ip6(*c.addr(s), h, b, plen=0 if rng.random() < 0.03 else None))


def upper6(c, rng, s):
    src, dst = c.addr(s)
    flip = lambda x, y: (x, y) if s == "a" else (y, x)
    k = rng.random()
    if k < 0.4: return 17, udp(src, dst, *flip(40000, rng.choice([53, 9])), b"u" * rng.choice([0, 4, 5, 12]), ck=rng.choice([None] * 9 + [0]))
    if k < 0.65: return 6, tcp(src, dst, *flip(40000, 80), *(("S", 100) if s == "a" else ("SA", 500, 101)), data=b"t" * rng.choice([0, 0, 3]))
    if k < 0.8: return 58, icmp6(src, dst, ECHO[6][s == "b"], 0, 7, 1, b"ping")
    if k < 0.9: return 132, sctp(*flip(40000, 9899), 0, init_chunk(INIT, 0x1111))
    return rng.choice([(59, b""), (59, b"xxxxxxxx"), (253, b"x" * 12), (50, b"\0\0\0\1\0\0\0\1abcd")])


def extension(rng, nh, pl, ah=8):
    """Puts a header before what there is."""
    kind = rng.choices([0, 60, 43, 44, 51, 135, 139, 140, 253], [20, 24, 12, 22, ah, 4, 3, 3, 1])[0]
    if kind == 44:
        off = 0 if rng.random() < 0.7 else rng.choice([8, 16, 1480, 65528])
        return 44, struct.pack("!BBHI", nh, rng.choice([0, 0, 0, 1, 255]), off | rng.choice([0, 0, 0, 1, 1, 2, 6]), rng.randrange(1, 1 << 32)) + pl
    if kind == 43:
        body = bytes([rng.choice([0, 2, 2, 3, 4, 4, 200]), rng.choice([0, 0, 0, 1, 9])]) + b"\0" * 4 + b"\0" * rng.choice([0, 0, 16])
    elif kind == 51: body = bytes(rng.choice([10, 10, 14, 22, 2]))
    elif kind in (0, 60): body = options(rng, len(pl))
    else: body = bytes([59] if rng.random() < 0.5 else [0]) + bytes(5)
    size = 2 + len(body)
    length = size // 4 - 2 if kind == 51 else size // 8 - 1
    if rng.random() < 0.12: length = rng.choice([0, 1, 2, 9, 255, max(0, length - 1), length + 1])
    return kind, bytes([nh, max(0, length)]) + body + pl


def options(rng, n):
    """Of a hop-by-hop or destination options header, padded to its length; n: octets behind it."""
    b = b""
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        b += rng.choice([b"\0", b"\1\0", b"\1\2\0\0", b"\1\1\1", b"\5\2\0\0", b"\5\2\0\1", b"\5\3\0\0\0", b"\x1e\0", b"\x1e\2ab", b"\x5e\0", b"\x9e\0", b"\xde\1a", b"\xc9\1a", b"\1\xff",
                         b"\xc2\4" + struct.pack("!I", rng.choice([n + 8, n, 65536, 65535, 0, 1 << 31])), b"\xc2\3\0\0\0", b"\7\4abcd", b"\x31\2ab"])
    pad = -(2 + len(b)) % 8
    return b + (b"" if pad == 0 else b"\0" if pad == 1 else bytes([1, pad - 2]) + bytes(pad - 2))


# ------------------------------------------------------------------ headers cut short, of every protocol
def summed(src, dst, proto, seg):
    """With the checksum of what is left, if that is there."""
    at = {1: 2, 6: 16, 17: 6, 58: 2}.get(proto)
    if proto == 132 and len(seg) >= 12: return sctp(*struct.unpack("!HHI", seg[:8]), seg[12:])
    if at is None or len(seg) < at + 2: return seg
    if proto == 17 and len(seg) >= 8: seg = seg[:4] + struct.pack("!H", len(seg)) + seg[6:]
    seg = seg[:at] + b"\0\0" + seg[at + 2:]
    return seg[:at] + struct.pack("!H", csum((pseudo(src, dst, proto, len(seg)) if proto != 1 else b"") + seg)) + seg[at + 2:]


def random_cut(c, rng, n):
    """Packets whose layer 4 is cut anywhere, by the length of the IP packet or by the end of the frame."""
    while len(c.d["packets"]) < n:
        s = rng.choice("aab")
        src, dst = c.addr(s)
        sp, dp = (40000, rng.choice([53, 80, 9899])) if s == "a" else (rng.choice([53, 80, 9899]), 40000)
        proto, seg = rng.choice([
            (6, tcp(src, dst, sp, dp, rng.choice(["S", "SA", "A", "R"]), 100, 100, opts=rng.choice([b"", MSS + WS(7), SACK((5, 9))]))),
            (17, udp(src, dst, sp, dp, b"abcd")), (132, sctp(sp, dp, 0, init_chunk(INIT, 0x1111))), (132, sctp(sp, dp, 0x1111, init_chunk(INITACK, 0x2222))),
            (47, b"\x20\1\x88\x0b\0\4\0\5abcd"), (47, b"\0\0\x08\0abcd"), (50, b"\0\0\0\1abcd"),
            (1, icmp(ECHO[4][s == "b"], 0, 7, 1, b"ping")) if c.fam == 4 else (58, icmp6(src, dst, ECHO[6][s == "b"], 0, 7, 1, b"ping"))])
        k = len(seg) if rng.random() < 0.4 else rng.randrange(len(seg) + 1)
        z = rng.random()
        if z < 0.6: pkt = ipx(src, dst, proto, summed(src, dst, proto, seg[:k]) if z < 0.5 else seg[:k])   # the packet is that short
        elif z < 0.8: pkt = ipx(src, dst, proto, seg)[:(20 if c.fam == 4 else 40) + k]             # the frame is
        else: pkt = ipx(src, dst, proto, seg, **({"totlen": 20 + k} if c.fam == 4 else {"plen": k}))  # there is more behind it
        c.raw(s, pkt)
        if rng.random() < 0.15: err(c, "b" if s == "a" else "a", rng.choice(list(ERR[c.fam])), pkt[:rng.randrange(len(pkt) + 1)])


# kind: (file, function, how many are stored, families, rulesets)
KINDS = {
    "udp": ("random_other", random_udp, 60, (4, 6), ("open", "default", "from_a")),
    "icmp": ("random_other", random_icmp, 100, (4, 6), ("open", "default", "from_a")),
    "sctp": ("random_other", random_sctp, 100, (4, 6), ("open", "default", "from_a")),
    "frag": ("random_other", random_frag, 60, (4, 6), ("open", "default", "from_a")),
    "opening": ("random_sctp", random_opening, 200, (4, 6), ("open", "default", "from_a")),
    "ftp": ("random_ftp", random_ftp, 160, (4, 6), (HELPERS,)),
    "cut": ("random_cut", random_cut, 80, (4, 6), ("open", "default", "from_a")),
    "ext": ("random_ip6", random_ext, 160, (6,), ("open", "default", "from_a")),
}


def gen_tcp(seed, count):
    for k in range(count):
        rng = random.Random("%d/tcp/%d" % (seed, k))
        fam = 4 if k % 2 == 0 else 6
        rs = ["open", "default", "open", "default", "open", "from_a"][(k // 2) % 6]
        sysctl = None
        z = rng.random()
        if z < 0.05: sysctl = {"nf_conntrack_tcp_loose": 0}
        elif z < 0.10: sysctl = {"nf_conntrack_tcp_be_liberal": 1}
        elif z < 0.13: sysctl = {"nf_conntrack_tcp_ignore_invalid_rst": 1}
        c = Case("random_tcp", "rtcp/%04d/v%d/%s" % (k, fam, rs), "", fam, rs, sysctl)
        random_tcp(c, rng, rng.randint(3, 30))


def gen_kind(kind, seed, count=None):
    group, f, stored, fams, rulesets = KINDS[kind]
    for k in range(stored if count is None else count):
        rng = random.Random("%d/%s/%d" % (seed, kind, k))
        fam, rs = fams[k % len(fams)], rulesets[k // len(fams) % len(rulesets)]
        c = Case(group, "r%s/%04d/v%d/%s" % (kind, k, fam, rs if "\n" not in rs else "own"), "", fam, rs)
        f(c, rng, rng.randint(3, 20))
