#!/bin/bash
# Installs and lays out the peers under bench/.peers: Postfix (Debian's package) and Haraka (npm). Debian, as root.
# Nothing starts by itself, everything listens on 127.0.0.1, and nothing of /etc/postfix is used. Neither is a
# dependency of the project: without them their columns are left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p .peers
peers=$PWD/.peers

if ! command -v smtp-source >/dev/null; then
  [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postfix </dev/null
fi

haraka=$peers/haraka
if [ ! -e "$haraka/node_modules/.bin/haraka" ]; then
  mkdir -p "$haraka"
  # Its newest dependencies' dependencies are not in every registry; these versions are.
  cat >"$haraka/package.json" <<'J'
{ "private": true, "dependencies": { "Haraka": "3.3.4" },
  "overrides": { "mailparser": "3.9.31", "encoding-japanese": "2.4.0", "libqp": "2.1.1", "libbase64": "1.3.0" } }
J
  (cd "$haraka" && npm install --no-audit --no-fund --ignore-scripts)
fi

# Haraka: one process, warnings only, accepts everything, throws it away.
home=$peers/haraka-discard
[ -d "$home" ] || "$haraka/node_modules/.bin/haraka" -i "$home" >/dev/null
printf 'listen=127.0.0.1:2611\nnodes=0\ninactivity_timeout=3600\n' >"$home/config/smtp.ini"
printf '[main]\nlevel=warn\n' >"$home/config/log.ini"
sed 's/^;*bytes *=.*/bytes=67108864/' "$haraka/node_modules/Haraka/config/connection.ini" >"$home/config/connection.ini"
echo bench.invalid >"$home/config/me"
printf 'bench_rcpt\nqueue/discard\n' >"$home/config/plugins"
mkdir -p "$home/plugins"
cat >"$home/plugins/bench_rcpt.js" <<'J'
exports.hook_rcpt = (next) => next(OK)
exports.hook_lookup_rdns = (next) => next(OK, 'localhost')
J

# Postfix: durable queue in a folder of its own; what it accepts goes to its discard transport.
postfix=$peers/postfix
mkdir -p "$postfix/conf" "$postfix/queue" "$postfix/data"
chown postfix "$postfix/data"
chmod 755 "$peers" "$postfix" "$postfix/conf"
cat >"$postfix/conf/main.cf" <<C
compatibility_level = 3.6
queue_directory = $postfix/queue
data_directory = $postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = bench.invalid
mydestination =
local_recipient_maps =
relay_domains = bench.invalid
relay_transport = discard
default_transport = discard
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
mynetworks = 127.0.0.0/8
message_size_limit = 67108864
mailbox_size_limit = 0
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
in_flow_delay = 0
maillog_file_prefixes = $peers
maillog_file = $postfix/maillog
alias_maps =
alias_database =
smtpd_timeout = 3600
smtp_dns_support_level = disabled
C
cat >"$postfix/conf/master.cf" <<C
127.0.0.1:2621 inet n - n - - smtpd
127.0.0.1:2623 inet n - n - - smtpd -o smtpd_recipient_restrictions=check_recipient_access,static:hold,permit_mynetworks,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
C
