"""SPF and DKIM by Debian's python3-spf and python3-dkim, to compare with. Reads JSON on standard input:
{"dns": {"txt name": [...], "a name": [...], "mx name": [...]}, "spf": [[ip, sender, helo]...], "dkim": [message in base64...]}
and prints {"spf": [result...], "dkim": [bool...]}."""
import base64, json, sys
import dkim, spf

asked = json.load(sys.stdin)
records = {key.lower(): value for key, value in asked["dns"].items()}

def look_up(name, qtype, tcpfallback=True, timeout=30):
    name = name.rstrip(".").lower()
    found = records.get(f"{qtype.lower()} {name}", [])
    if found == "down":
        raise spf.TempError("DNS does not answer")
    if qtype == "MX":
        return [((name, qtype), (10, host)) for host in found]
    if qtype in ("TXT", "SPF"):
        return [((name, qtype), [text.encode()]) for text in found]
    return [((name, qtype), value) for value in found]

spf.DNSLookup = look_up

def key(name, timeout=5):
    found = records.get("txt " + name.decode().rstrip(".").lower())
    return found[0].encode() if found else None

def verify(message):
    try:
        return dkim.verify(base64.b64decode(message), dnsfunc=key)
    except dkim.DKIMException:
        return False

print(json.dumps({
    "spf": [spf.check2(i=ip, s=sender, h=helo)[0] for ip, sender, helo in asked["spf"]],
    "dkim": [verify(message) for message in asked["dkim"]],
}))
