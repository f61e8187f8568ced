//! Every server, the supervisor and the proxy.

#[test]
fn times() {
    use std::time::Instant;
    let t = Instant::now();
    let p = idem_servers::Postgres::start().unwrap();
    eprintln!("pg {:?}", t.elapsed());
    let t = Instant::now();
    let m = idem_servers::MariaDb::start().unwrap();
    eprintln!("my {:?}", t.elapsed());
    let t = Instant::now();
    let r = idem_servers::Redis::start().unwrap();
    eprintln!("redis {:?}", t.elapsed());
    let t = Instant::now();
    let c = idem_servers::Cluster::start().unwrap();
    eprintln!("cluster {:?}", t.elapsed());
    let t = Instant::now();
    p.kill().unwrap();
    m.kill().unwrap();
    r.kill().unwrap();
    eprintln!("kill {:?}", t.elapsed());
    let t = Instant::now();
    p.start_again().unwrap();
    eprintln!("pg again {:?}", t.elapsed());
    let t = Instant::now();
    m.start_again().unwrap();
    r.start_again().unwrap();
    eprintln!("again {:?}", t.elapsed());
    let t = Instant::now();
    c.kill_node(0).unwrap();
    c.settle().unwrap();
    eprintln!("failover {:?}", t.elapsed());
    let t = Instant::now();
    c.start_node(0).unwrap();
    c.settle().unwrap();
    eprintln!("back {:?}", t.elapsed());
    for s in [&*p, &*m, &*r] {
        let t = Instant::now();
        s.freeze().unwrap();
        eprintln!("freeze {:?}", t.elapsed());
        s.thaw().unwrap();
        s.stop().unwrap();
        eprintln!("stop {:?}", t.elapsed());
        s.start_again().unwrap();
    }
    let t = Instant::now();
    drop((p, m, r, c));
    eprintln!("drop {:?}", t.elapsed());
}
