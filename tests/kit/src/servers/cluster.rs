//! Redis Cluster.

use std::{fmt::Write, io, net::SocketAddr};

use crate::servers::{
    Builder, Failure, Kind, Missing, Redis,
    builder::{Settings, with_defaults},
    port::{self, BUS},
    probe,
    software::CLUSTER,
};

const MASTERS: usize = 3;
const NODES: usize = 2 * MASTERS;
const SLOTS: u16 = 16_384;

const DEFAULTS: [(&str, &str); 5] = [
    ("cluster-enabled", "yes"),
    ("cluster-config-file", NODES_FILE),
    // Short, for a failover within seconds; not so short that a busy machine looks like a dead one.
    ("cluster-node-timeout", "2000"),
    ("cluster-replica-validity-factor", "0"),
    ("repl-diskless-sync-delay", "0"),
];

const NODES_FILE: &str = "nodes.conf";

/// Six nodes of the test's own: three masters, and a replica of each three places further on.
///
/// Which of them is a master changes when one is killed. Like [`Redis`], they keep nothing over a restart by default,
/// save for who they are.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Redis>,
}

impl Cluster {
    /// One with the default settings.
    pub fn start() -> Result<Self, Missing> {
        Self::builder().start()
    }

    /// One with others, for every node: `.setting("cluster-require-full-coverage", "no")`.
    #[must_use]
    pub const fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// The nodes; the first three begin as masters.
    #[must_use]
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// The URL of every node.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// SIGKILL to a node. The others notice later: [`settle`](Self::settle).
    ///
    /// # Panics
    /// If there is no node `index`.
    pub fn kill_node(&self, index: usize) -> Result<(), Failure> {
        self.nodes[index].kill()
    }

    /// Starts a killed node, and waits until it answers, though not until it has found its place:
    /// [`settle`](Self::settle).
    ///
    /// # Panics
    /// If there is no node `index`.
    pub fn start_node(&self, index: usize) -> Result<(), Failure> {
        self.nodes[index].start_again()
    }

    /// Waits until the running nodes agree that every slot has a running master, and the replicas among them follow it.
    pub fn settle(&self) -> Result<(), Failure> {
        let running = || self.nodes.iter().filter(|node| node.pid().is_some());
        let ports: Vec<u16> = running().map(|node| node.addr().port()).collect();
        running().try_for_each(|node| node.until(|| settled(node.addr(), &ports)))
    }

    fn run(program: &str, settings: &Settings) -> Result<Self, Failure> {
        let mut addresses: Vec<SocketAddr> = Vec::with_capacity(NODES);
        while addresses.len() < NODES {
            let address = port::free(CLUSTER.name)?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        let settings = with_defaults(&DEFAULTS, settings);
        let node = |index: usize| {
            let mut settings = settings.clone();
            settings.insert(0, ("cluster-port".to_owned(), (addresses[index].port() + BUS).to_string()));
            let files = vec![(NODES_FILE, acquaintances(&addresses, index))];
            Redis::begin(Redis::plan(program.to_owned(), addresses[index], &settings, files))
        };
        // Launched all at once, awaited then: each wants to see the others.
        let nodes = (0..NODES).map(node).collect::<Result<Vec<_>, _>>()?;
        let cluster = Self { nodes };
        cluster.settle()?;
        Ok(cluster)
    }
}

impl Kind for Cluster {
    fn launch(settings: &Settings) -> Result<Self, Missing> {
        let [program] = CLUSTER.locate::<1>()?.map(|path| path.display().to_string());
        Self::run(&program, settings).map_err(|failure| Missing::new(&CLUSTER, failure))
    }
}

/// What the node `own` would know after a long acquaintance, in the format in which it remembers that. So the nodes
/// need no introduction, which takes seconds.
fn acquaintances(addresses: &[SocketAddr], own: usize) -> String {
    let id = |index: usize| format!("{:040x}", index + 1);
    let mut text = String::new();
    for (index, address) in addresses.iter().enumerate() {
        let myself = if index == own { "myself," } else { "" };
        let master = index % MASTERS;
        let epoch = master + 1;
        let role = if index < MASTERS { "master -".to_owned() } else { format!("slave {}", id(master)) };
        let slots = if index < MASTERS { slots(index) } else { String::new() };
        let bus = address.port() + BUS;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} {address}@{bus} {myself}{role} 0 0 {epoch} connected{slots}", id(index));
    }
    text + &format!("vars currentEpoch {MASTERS} lastVoteEpoch 0\n")
}

fn slots(master: usize) -> String {
    let share = |index: usize| usize::from(SLOTS) * index / MASTERS;
    format!(" {}-{}", share(master), share(master + 1) - 1)
}

/// Whether the node at `address` sees every slot with a master among `ports`, and follows its own if it is a replica.
fn settled(address: SocketAddr, ports: &[u16]) -> io::Result<()> {
    let info = probe::redis_text(address, "CLUSTER INFO")?;
    let nodes = probe::redis_text(address, "CLUSTER NODES")?;
    let replication = probe::redis_text(address, "INFO replication")?;
    let covered: u32 = nodes.lines().filter_map(|line| served(line, ports)).sum();
    let follows = replication.contains("role:master") || replication.contains("master_link_status:up");
    if info.contains("cluster_state:ok") && covered == u32::from(SLOTS) && follows {
        return Ok(());
    }
    Err(io::Error::other(format!("slots with a master: {covered}\n{info}\n{nodes}\n{replication}")))
}

/// How many slots a line of `CLUSTER NODES` says are served by a living master among `ports`:
/// `id host:port@bus flags master ping pong epoch link slots…`.
fn served(line: &str, ports: &[u16]) -> Option<u32> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let port = fields.get(1)?.split_once('@')?.0.rsplit_once(':')?.1.parse().ok()?;
    let mut flags = fields.get(2)?.split(',');
    if !ports.contains(&port)
        || !flags.clone().any(|flag| flag == "master")
        || flags.any(|flag| flag.starts_with("fail"))
    {
        return None;
    }
    let range = |slots: &str| {
        let (first, last) = slots.split_once('-').unwrap_or((slots, slots));
        Some(last.parse::<u32>().ok()? + 1 - first.parse::<u32>().ok()?)
    };
    Some(fields.iter().skip(8).filter_map(|slots| range(slots)).sum())
}
