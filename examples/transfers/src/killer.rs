//! Kills servers and starts them again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::Failure;
use crate::door::Door;
use crate::plan::Plan;
use crate::server::{Recipe, Server};

/// The longest time from the answer that triggers a kill to the kill, so that it strikes anywhere in the transfers that
/// are under way.
const LATEST_MICROS: u64 = 5_000;

/// The two servers, and what is needed to kill and start them.
#[derive(Debug)]
pub(crate) struct Killer {
    recipe: Recipe,
    door: Arc<Door>,
    servers: [Server; 2],
    kills: u64,
}

impl Killer {
    /// Starts both servers behind the door.
    pub(crate) async fn start(recipe: Recipe, door: Arc<Door>) -> Result<Self, Failure> {
        let (one, other) = tokio::try_join!(recipe.start(), recipe.start())?;
        door.set(0, Some(one.address()));
        door.set(1, Some(other.address()));
        Ok(Self { recipe, door, servers: [one, other], kills: 0 })
    }

    /// Kills one server and starts it again, whenever some more transfers are `answered`, until the counter is dropped.
    pub(crate) async fn run(
        mut self,
        plan: &Plan,
        mut answered: watch::Receiver<u64>,
    ) -> Result<Self, Failure> {
        let mut rng = plan.chance(u64::MAX);
        let mut due = 0;
        loop {
            due += rng.u64(1..2 * plan.kills_every);
            if answered.wait_for(|answered| *answered >= due).await.is_err() {
                return Ok(self);
            }
            tokio::time::sleep(Duration::from_micros(rng.u64(..LATEST_MICROS))).await;
            self.replace(usize::from(rng.bool())).await?;
        }
    }

    async fn replace(&mut self, at: usize) -> Result<(), Failure> {
        self.servers[at].kill().await?;
        self.kills += 1;
        self.door.set(at, None);
        self.servers[at] = self.recipe.start().await?;
        self.door.set(at, Some(self.servers[at].address()));
        Ok(())
    }

    pub(crate) fn kills(&self) -> u64 {
        self.kills
    }

    /// Ends both.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        for server in &mut self.servers {
            server.kill().await?;
        }
        Ok(())
    }
}
