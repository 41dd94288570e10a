# Records what the real commands print, each in a network namespace of its own:
#   cd tests/suites/firewall && sh record.sh            (as root; Debian: iptables nftables ipset)
# The reading script of ct0_suites.resources.firewall is $READ; `make`'s Python prints it:
#   READ=$(python -c 'from ct0_suites.resources.firewall import script; print(script())')
set -eu
LC_ALL=C
export LC_ALL READ
ipt=$(iptables -V | sed 's/.* v\([0-9.]*\).*/\1/')
nft=$(nft --version | sed 's/nftables v\([0-9.]*\).*/\1/')

# every rule by its own command, as people type them
one_by_one() {
	grep -v '^COMMIT' "$2" | while IFS= read -r line; do
		case $line in
		'*'*) table=${line#\*} ;;
		:*' - '*) name=${line#:}; "$1" -t "$table" -N "${name%% *}" ;;
		:*) ;;
		*) eval "\"\$1\" -t \"\$table\" $line" ;;
		esac
	done
}

case ${1:-all} in
all)
	for each in nft legacy v6 docker native incompatible unreadable two sections ipset; do
		unshare -n sh "$0" $each
	done
	;;
nft | legacy)
	one_by_one iptables-$1 as_typed.rules
	iptables-$1-save >iptables-$1-save_$ipt.txt
	;;
v6)
	one_by_one ip6tables as_typed6.rules
	ip6tables-save >ip6tables-save_$ipt.txt
	;;
docker)
	iptables-restore <docker.rules
	nft -f ve.nft
	iptables-save >docker_$ipt.txt
	nft list ruleset >docker_nft_$nft.txt
	nft -j list ruleset >docker_nft_$nft.json
	;;
native)
	ip link set lo up
	nft -f as_typed.nft
	nft add element inet filter trusted \
		"{ $(seq -s, -f '198.51.100.%g' 1 2 60) }"
	nft list ruleset >nft_$nft.txt
	nft -j list ruleset >nft_$nft.json
	;;
incompatible | unreadable)
	nft add table ip filter
	nft 'add chain ip filter INPUT { type filter hook input priority 0; policy drop; }'
	if [ $1 = incompatible ]; then nft add rule ip filter INPUT ct state new accept
	else nft add rule ip filter INPUT meta skuid 0 accept; fi
	iptables-save >iptables-save_$1_$ipt.txt || echo "$1: exit status $?"
	;;
ipset)
	ipset create trusted hash:net
	for each in 10.0.0.0/8 192.0.2.1 192.0.2.0/24; do ipset add trusted $each; done
	ipset add trusted 10.1.0.0/16 nomatch
	ipset create banned hash:ip timeout 3600 counters comment
	ipset add banned 203.0.113.7 comment 'it was us'
	ipset create ports bitmap:port range 0-1023
	ipset add ports 80-82
	ipset create six hash:ip,port family inet6
	ipset add six 2001:db8::1,tcp:22
	ipset save >ipset-save_7.17.txt
	;;
two)
	iptables-legacy -P INPUT DROP
	iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT
	iptables-nft -A INPUT -p tcp --dport 80 -j ACCEPT
	sh -c "$READ" >two_$ipt.out 2>two_$ipt.err
	;;
sections)
	iptables-restore <docker.rules
	nft -f as_typed.nft
	nft -f ve.nft
	ip6tables -A INPUT -p tcp --dport 22 -j ACCEPT
	sh -c "$READ" >sections_$ipt.out 2>sections_$ipt.err
	;;
esac
