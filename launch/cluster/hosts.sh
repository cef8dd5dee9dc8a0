# Sourced by launch/cluster-test.sh: hosts on one machine, each with a network, names, processes, /tmp and /dev/shm of its
# own, sshd, and one Slurm over all of them. The file system is shared, but for what a case hides. It needs root.
# $work is a folder outside of /tmp; $hosts is how many hosts there are, h1 to hN at 10.77.0.1 to 10.77.0.N.

# What is missing of the machine, in words; nothing where hosts can be made.
hosts_lack() {
  ((EUID == 0)) || { echo "root"; return; }
  local program
  for program in ip unshare nsenter sshd ssh-keygen slurmctld slurmd munged; do
    PATH=$PATH:/usr/sbin command -v $program > /dev/null || { echo "$program (Debian: slurm-wlm munge openssh-server iproute2)"; return; }
  done
  unshare -m -u -p -n -f true 2> /dev/null || { echo "namespaces"; return; }
  ip link add sgm-probe type veth peer name sgm-eborp 2> /dev/null || { echo "veth devices"; return; }
  ip link del sgm-probe
}

net=sgm-$$          # the network between hosts, in whose name two of these tests can run at once
declare -A init=() # by host: its first process, seen from here

# host_up NUMBER
host_up() {
  local i=$1 space=$net-h$1
  ip netns add $space
  ip -n $space link add eth0 type veth peer name h$i netns $net
  ip -n $space addr add 10.77.0.$i/24 dev eth0
  ip -n $space link set eth0 up
  ip -n $space link set lo up
  ip -n $net link set h$i master bridge
  ip -n $net link set h$i up
  ip netns exec $space unshare -m -u -p -f --mount-proc --propagation private sh -c "
    hostname h$i
    mount --bind $work/etc-hosts /etc/hosts
    mount --bind '$PWD' $work/here
    for folder in /run /tmp /dev/shm /var/log/munge; do mount -t tmpfs none \$folder; done
    mkdir -p '$PWD'
    mount --bind $work/here '$PWD'
    mkdir -p /run/sshd /run/munge /run/slurmd /etc/slurm
    mount --bind $work/slurm /etc/slurm
    chown munge: /run/munge /var/log/munge
    exec /usr/sbin/sshd -D -e -f $work/sshd_config" > /dev/null 2> "$work/log/sshd-h$i" &
  local launcher=$!
  for _ in {1..100}; do
    init[h$i]=$(pgrep -P "$(pgrep -P $launcher unshare || echo $launcher)" 2> /dev/null | head -n 1)
    [[ -z ${init[h$i]} ]] || ! grep -q 'listening' "$work/log/sshd-h$i" || break
    sleep 0.1
  done
  on h$i setpriv --reuid munge --regid munge --clear-groups /usr/sbin/munged --force --key-file "$work/munge.key" \
    --socket /run/munge/munge.socket.2 --pid-file /run/munge/munged.pid --log-file /run/munge/log --seed-file /run/munge/seed
}

# on HOST COMMAND...: runs a command there, in this folder.
on() {
  local host=$1
  shift
  nsenter -t "${init[$host]}" -m -u -p -n -- sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
}

# link HOST up|down, as its cable.
link() { ip -n $net link set "$1" "$2"; }

# The end of a host: all its processes at once.
host_down() { kill -KILL "${init[$1]}" 2> /dev/null; }

hosts_up() {
  mkdir -p "$work"/{slurm/state,log,here} # here: this folder, which may lie in a /tmp that hosts do not see
  chmod 755 "$work"
  ssh-keygen -q -t ed25519 -N '' -f "$work/key"
  ssh-keygen -q -t ed25519 -N '' -f "$work/host-key"
  {
    echo "127.0.0.1 localhost"
    for ((i = 1; i <= hosts; i++)); do echo "10.77.0.$i h$i"; done
  } > "$work/etc-hosts"
  printf '%s\n' "HostKey $work/host-key" "AuthorizedKeysFile $work/key.pub" "StrictModes no" "UsePAM no" "PidFile none" \
    "PermitRootLogin yes" "MaxStartups 100" > "$work/sshd_config"
  printf '%s\n' "Host *" "User root" "IdentityFile $work/key" "StrictHostKeyChecking no" "UserKnownHostsFile /dev/null" \
    "LogLevel ERROR" "BatchMode yes" "ConnectTimeout 5" > "$work/ssh_config"
  head -c 1024 /dev/urandom > "$work/munge.key"
  chown munge: "$work/munge.key"
  chmod 400 "$work/munge.key"
  slurm_configuration > "$work/slurm/slurm.conf"
  echo "CgroupPlugin=cgroup/v1" > "$work/slurm/cgroup.conf"
  ip netns add $net
  ip -n $net link add bridge type bridge
  ip -n $net link set bridge up
  for ((i = 1; i <= hosts; i++)); do host_up $i; done
  export OMPI_MCA_plm_rsh_agent="ssh -F $work/ssh_config" SGM_HOST_CHECK="ssh -F $work/ssh_config"
}

# For the root user, short waits (a requeued job waits as long as a credential lives), and hosts that say they have more cores than this machine.
slurm_configuration() {
  cat << TEXT
ClusterName=sgm
SlurmctldHost=h1
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=cred_expire=5
StateSaveLocation=$work/slurm/state
SlurmdSpoolDir=/run/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=30
JobRequeue=1
MinJobAge=600
SchedulerParameters=sched_interval=2,batch_sched_delay=0
NodeName=h[1-$hosts] CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
TEXT
}

slurm_up() {
  on h1 slurmctld -c -L "$work/log/slurmctld"
  sleep 1
  for ((i = 1; i <= hosts; i++)); do on h$i slurmd -c -N h$i -L "$work/log/slurmd-h$i"; done
  for _ in {1..60}; do
    [[ $(on h1 sinfo -h -t idle -o %D 2> /dev/null) != "$hosts" ]] || return 0
    sleep 0.5
  done
  echo "cluster-test: Slurm does not come up:" >&2
  tail -n 5 "$work"/log/slurm* >&2
  return 1
}

hosts_down() {
  local host
  for host in "${!init[@]}"; do host_down "$host"; done
  for ((i = 1; i <= hosts; i++)); do ip netns del $net-h$i 2> /dev/null; done
  ip netns del $net 2> /dev/null
}
