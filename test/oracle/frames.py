"""Packets, byte by byte, and the cases that generate.py and random_cases.py make of them."""
import socket, struct

# ------------------------------------------------------------------ packet building (no library: exact bytes)
def csum(b):
    if len(b) & 1: b += b"\0"
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16: s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def crc32c_table():
    t = []
    for i in range(256):
        c = i
        for _ in range(8): c = (c >> 1) ^ (0x82F63B78 if c & 1 else 0)
        t.append(c)
    return t


CRCT = crc32c_table()


def crc32c(b):
    c = 0xFFFFFFFF
    for x in b: c = CRCT[(c ^ x) & 255] ^ (c >> 8)
    return c ^ 0xFFFFFFFF


def aton(a): return socket.inet_pton(socket.AF_INET6 if ":" in a else socket.AF_INET, a)


def pseudo(src, dst, proto, ln):
    s, d = aton(src), aton(dst)
    return s + d + (struct.pack("!BBH", 0, proto, ln) if len(s) == 4 else struct.pack("!IBBBB", ln, 0, 0, 0, proto))


def ip4(src, dst, proto, pl, ttl=64, ident=1, flags=0, off=0, opts=b"", ver=4, ihl=None, totlen=None, ck=None, tos=0):
    """flags: 4 reserved, 2 DF, 1 MF; off in units of 8"""
    opts += b"\0" * (-len(opts) % 4)
    h = 20 + len(opts)
    ihl = h // 4 if ihl is None else ihl
    tl = h + len(pl) if totlen is None else totlen
    def mk(c):
        return struct.pack("!BBHHHBBH", ver << 4 | ihl, tos, tl & 0xFFFF, ident, flags << 13 | off, ttl, proto, c) + \
            aton(src) + aton(dst) + opts
    return mk(csum(mk(0)) if ck is None else ck) + pl


def ip6(src, dst, nh, pl, hl=64, plen=None, tc=0, fl=0, ver=6):
    return struct.pack("!IHBB", ver << 28 | tc << 20 | fl, (len(pl) if plen is None else plen) & 0xFFFF, nh, hl) + \
        aton(src) + aton(dst) + pl


def ipx(src, dst, proto, pl, **kw):
    if ":" in src:
        return ip6(src, dst, proto, pl, **{("hl" if k == "ttl" else k): v for k, v in kw.items() if k in ("ttl", "plen", "tc", "hl")})
    return ip4(src, dst, proto, pl, **kw)


FL = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}


def flags(s): return s if isinstance(s, int) else sum(FL[c] for c in s)


def tcp(src, dst, sp, dp, fl, seq=0, ack=0, win=65535, data=b"", opts=b"", ck=None, doff=None, urg=0):
    opts += b"\1" * (-len(opts) % 4)
    f = flags(fl)
    d = 5 + len(opts) // 4 if doff is None else doff
    def mk(c):
        return struct.pack("!HHIIBBHHH", sp, dp, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, d << 4, f, win, c, urg) + opts + data
    p = mk(0)
    c = csum(pseudo(src, dst, 6, len(p)) + p)
    return mk(c if ck is None else ck(c) if callable(ck) else ck)


def udp(src, dst, sp, dp, data=b"", ck=None, ln=None, proto=17):
    l = 8 + len(data) if ln is None else ln
    def mk(c): return struct.pack("!HHHH", sp, dp, l, c) + data
    p = mk(0)
    c = csum(pseudo(src, dst, proto, len(p)) + p) or 0xFFFF
    return mk(c if ck is None else ck(c) if callable(ck) else ck)


def icmp(ty, code=0, ident=0, seq=0, data=b"", ck=None, rest=None):
    r = struct.pack("!HH", ident, seq) if rest is None else rest
    p = struct.pack("!BBH", ty, code, 0) + r + data
    c = csum(p)
    c = c if ck is None else ck(c) if callable(ck) else ck
    return p[:2] + struct.pack("!H", c) + p[4:]


def icmp6(src, dst, ty, code=0, ident=0, seq=0, data=b"", ck=None, rest=None):
    r = struct.pack("!HH", ident, seq) if rest is None else rest
    p = struct.pack("!BBH", ty, code, 0) + r + data
    c = csum(pseudo(src, dst, 58, len(p)) + p)
    c = c if ck is None else ck(c) if callable(ck) else ck
    return p[:2] + struct.pack("!H", c) + p[4:]


def sctp(sp, dp, vtag, chunks, ck=None):
    p = struct.pack("!HHII", sp, dp, vtag, 0) + chunks
    c = struct.unpack("<I", struct.pack(">I", crc32c(p)))[0]
    c = c if ck is None else ck(c) if callable(ck) else ck
    return p[:8] + struct.pack("!I", c) + p[12:]


def chunk(ty, fl=0, val=b"", ln=None):
    l = 4 + len(val) if ln is None else ln
    return struct.pack("!BBH", ty, fl, l) + val + b"\0" * (-len(val) % 4)


def init_chunk(ty, tag, tsn=1): return chunk(ty, 0, struct.pack("!IIHHI", tag, 65535, 10, 10, tsn))
def sdata(tsn=1, n=8): return chunk(0, 3, struct.pack("!IHHI", tsn, 0, 0, 0) + b"x" * n)


DATA, INIT, INITACK, SACKC, HB, HBACK, ABORT, SHUT, SHUTACK, SERR, COOKIE, COOKIEACK, SHUTCOMP = \
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14

MSS = b"\x02\x04\x05\xb4"
SACKOK = b"\x04\x02"
def WS(n): return b"\x03\x03" + bytes([n])
def TS(v=1, e=0): return b"\x08\x0a" + struct.pack("!II", v, e)
def SACK(*bl): return b"\x05" + bytes([2 + 8 * len(bl)]) + b"".join(struct.pack("!II", l & 0xFFFFFFFF, r & 0xFFFFFFFF) for l, r in bl)


def eth(p, et=None):
    if et is None: et = 0x86DD if p[:1] and p[0] >> 4 == 6 else 0x0800
    return b"\0" * 12 + struct.pack("!H", et) + p


# ------------------------------------------------------------------ cases
CASES = {}
COUNT = [0]


class Case:
    """Side a is the client (address A), side b the server (address B); C is a second host or router on side b,
    D one on side a.  Addresses differ from case to case."""

    def __init__(self, grp, cid, desc="", fam=4, ruleset="default", sysctl=None):
        n = COUNT[0]
        COUNT[0] += 1
        hi, lo = n >> 8, n & 255
        self.fam = fam
        if fam == 4:
            self.A, self.D = "10.%d.%d.1" % (hi, lo), "10.%d.%d.9" % (hi, lo)
            self.B, self.C = "198.18.%d.%d" % (hi, lo), "198.19.%d.%d" % (hi, lo)
        else:
            self.A, self.D = "fd00:a:%x::1" % n, "fd00:a:%x::9" % n
            self.B, self.C = "2001:db8:%x::2" % n, "2001:db8:%x::9" % n
        self.isn = {"a": 1000000, "b": 5000000}
        self.sp, self.dp = 40000, 80
        self.d = {"id": cid, "desc": desc, "ruleset": ruleset, "packets": []}
        if sysctl: self.d["sysctl"] = sysctl
        CASES.setdefault(grp, []).append(self.d)

    def raw(self, side, pkt, gap=0, et=None):
        p = {"side": side, "frame": eth(pkt, et if et else (0x0800 if self.fam == 4 else 0x86DD)).hex()}
        if gap: p["gap"] = gap
        self.d["packets"].append(p)
        return self

    def act(self, **kw):
        self.d.setdefault("actions", []).append(dict(before=len(self.d["packets"]), **kw))
        return self

    def addr(self, side): return (self.A, self.B) if side == "a" else (self.B, self.A)

    def t(self, side, fl, seq=0, ack=0, n=0, win=65535, opts=b"", gap=0, sp=None, dp=None, ck=None, ip=None, **kw):
        """A TCP segment; seq relative to the sender's ISN, ack to the other's (0 without the A flag)."""
        s, d = self.addr(side)
        sp, dp = sp or self.sp, dp or self.dp
        if side == "b": sp, dp = dp, sp
        o = "b" if side == "a" else "a"
        f = flags(fl)
        seg = tcp(s, d, sp, dp, f, self.isn[side] + seq, self.isn[o] + ack if f & 16 else 0, win, b"d" * n, opts, ck, **kw)
        return self.raw(side, ipx(s, d, 6, seg, **(ip or {})), gap)

    def hs(self, wa=65535, wb=65535, oa=b"", ob=b"", **kw):
        self.t("a", "S", 0, 0, win=wa, opts=oa, **kw)
        self.t("b", "SA", 0, 1, win=wb, opts=ob, **kw)
        return self.t("a", "A", 1, 1, win=wa, **kw)

    def u(self, side, n=4, sp=40000, dp=53, gap=0, ip=None, **kw):
        s, d = self.addr(side)
        if side == "b": sp, dp = dp, sp
        return self.raw(side, ipx(s, d, 17, udp(s, d, sp, dp, b"u" * n, **kw), **(ip or {})), gap)

    def i(self, side, ty, code=0, ident=7, seq=1, data=b"ping", gap=0, ip=None, src=None, dst=None, **kw):
        s, d = self.addr(side)
        s, d = src or s, dst or d
        b = icmp(ty, code, ident, seq, data, **kw) if self.fam == 4 else icmp6(s, d, ty, code, ident, seq, data, **kw)
        return self.raw(side, ipx(s, d, 1 if self.fam == 4 else 58, b, **(ip or {})), gap)

    def s(self, side, vtag, chunks, sp=40000, dp=9899, gap=0, **kw):
        s, d = self.addr(side)
        if side == "b": sp, dp = dp, sp
        return self.raw(side, ipx(s, d, 132, sctp(sp, dp, vtag, chunks, **kw)), gap)

    def last(self, k=-1): return bytes.fromhex(self.d["packets"][k]["frame"])[14:]

    def p(self, side, proto, pl, gap=0, **kw):
        s, d = self.addr(side)
        return self.raw(side, ipx(s, d, proto, pl, **kw), gap)


ECHO = {4: (8, 0), 6: (128, 129)}
ERR = {4: dict(unreach=(3, 3), host=(3, 1), toobig=(3, 4), time=(11, 0), param=(12, 0), quench=(4, 0), redirect=(5, 1)),
       6: dict(unreach=(1, 4), host=(1, 3), toobig=(2, 0), time=(3, 0), param=(4, 0))}


def err(c, side, kind, inner, src=None, dst=None, rest=b"\0\0\0\0", **kw):
    ty, code = ERR[c.fam][kind]
    return c.i(side, ty, code, data=inner, rest=rest, src=src, dst=dst, **kw)


def frag4(c, side, proto, seg, cuts, ident=77, order=None, gap=0, **kw):
    """cuts: list of (start, end, MF) in octets"""
    s, d = c.addr(side)
    fr = [ip4(s, d, proto, seg[x:y], ident=ident, flags=1 if mf else 0, off=x // 8, **kw) for x, y, mf in cuts]
    for k in order if order is not None else range(len(fr)): c.raw(side, fr[k], gap)
    return c


def frag6(c, side, proto, seg, cuts, ident=77, order=None, pre=b"", prenh=None):
    s, d = c.addr(side)
    fr = []
    for x, y, mf in cuts:
        h = struct.pack("!BBHI", proto, 0, x & 0xFFF8 | (1 if mf else 0), ident) + seg[x:y]
        fr.append(ip6(s, d, prenh if prenh is not None else 44, pre + h))
    for k in order if order is not None else range(len(fr)): c.raw(side, fr[k])
    return c


def fragx(c, *a, **k): return (frag4 if c.fam == 4 else frag6)(c, *a, **k)


def useg(c, n=100, dp=53, sp=40000, side="a", **kw):
    s, d = c.addr(side)
    if side == "b": sp, dp = dp, sp
    return udp(s, d, sp, dp, b"f" * n, **kw)


HELPERS = """table inet fw {
 ct helper ftp-h { type "ftp" protocol tcp; }
 ct helper tftp-h { type "tftp" protocol udp; }
 chain pre { type filter hook prerouting priority -150; tcp dport 21 ct helper set "ftp-h"; udp dport 69 ct helper set "tftp-h"; }
 chain forward { type filter hook forward priority 0; policy drop;
  ct state established,related accept
  ct state invalid drop
  ct state new tcp dport 21 accept
  ct state new udp dport 69 accept
 }
}"""
