"""Random sequences, made anew by the same seed."""
import random, struct

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


def gen_random(seed, ntcp):
    for k in range(ntcp):
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
    for nm, f, cnt in (("udp", random_udp, 60), ("icmp", random_icmp, 100), ("sctp", random_sctp, 100), ("frag", random_frag, 60)):
        for k in range(cnt):
            rng = random.Random("%d/%s/%d" % (seed, nm, k))
            fam = 4 if k % 2 == 0 else 6
            rs = ["open", "default", "from_a"][(k // 2) % 3]
            c = Case("random_other", "r%s/%04d/v%d/%s" % (nm, k, fam, rs), "", fam, rs)
            f(c, rng, rng.randint(3, 20))
