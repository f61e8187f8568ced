//! Steps that concern all records at once, and the look at all of them after each step.

use super::super::Backend;
use super::model::Precision;
use super::runner::{Runner, Told};
use super::step::{NAMESPACES, Side, Span, at, namespace_of};
use idem_core::protocol::{Namespace, Record, StateKind, Swept, reap, sweep};
use idem_core::store::{Count, Page, Store, Sweep};

impl<B: Backend> Runner<B> {
    pub(super) async fn sweep(
        &mut self,
        side: Side,
        of: u8,
        grace: Span,
        retention: Span,
        limit: usize,
    ) -> Told<()> {
        // A short grace on a clock that runs would end at some time between two steps.
        let loose = self.precision == Precision::Loose;
        let grace = if loose && grace == Span::Short { Span::Long } else { grace };
        // What is freed for a short time may be gone before it is looked at.
        let vanishes = loose && retention == Span::Short;
        let (grace, retention) = (grace.of(self.model.timing), retention.of(self.model.timing));
        let namespace = namespace_of(of);
        let request = Sweep::new(namespace.clone(), grace, retention, limit);
        let count = self.store(side).sweep(request).await;
        let count = count.map_err(|error| format!("the sweep failed: {error:?}"))?;
        self.note(&count);
        let (mut unknown, mut released, mut abandoned) = (0, 0, 0);
        for key in self.model.keys() {
            let Some(mut moved) = self.model.record(key).cloned() else { continue };
            let swept = sweep(&mut moved, &namespace, grace, retention, self.model.now);
            if swept == Swept::Kept {
                continue;
            }
            abandoned += 1;
            let found = self.look_up(side, key).await?;
            let is_moved = match found {
                Some(found) => self.precision.view(&found) == self.precision.view(&moved),
                None => vanishes && swept == Swept::Released,
            };
            if is_moved {
                *self.model.slot(key) = Some(moved);
                if swept == Swept::Unknown { unknown += 1 } else { released += 1 }
            }
        }
        if (count.unknown, count.released) != (unknown, released) {
            return Err(format!(
                "the sweep moved {unknown} to unknown and {released} to released, and said {count:?}"
            ));
        }
        let due = limit.min(abandoned);
        let moved = unknown + released;
        if moved == due {
            Ok(())
        } else {
            Err(format!("the sweep must move {due} of {abandoned} and moved {moved}"))
        }
    }

    pub(super) async fn reap(&mut self, side: Side, limit: usize) -> Told<()> {
        let reaped =
            self.store(side).reap(limit).await.map_err(|error| format!("the reaping failed: {error:?}"))?;
        self.note(&reaped);
        let (mut gone, mut expired) = (0, 0);
        for key in self.model.keys() {
            let mut slot = self.model.record(key).cloned();
            if !reap(&mut slot, self.model.now) {
                continue;
            }
            expired += 1;
            if self.look_up(side, key).await?.is_none() {
                *self.model.slot(key) = None;
                gone += 1;
            }
        }
        if reaped != gone {
            return Err(format!("{gone} expired records went, and the store said {reaped}"));
        }
        let due = limit.min(expired);
        if gone == due {
            Ok(())
        } else {
            Err(format!("{due} of {expired} expired records must go, and {gone} went"))
        }
    }

    async fn look_up(&self, side: Side, key: u8) -> Told<Option<Record>> {
        self.store(side).look_up(at(key)).await.map_err(|error| format!("a look-up failed: {error:?}"))
    }

    /// Every record is as the model has it, not only the one that was written.
    pub(super) async fn compare_records(&mut self, side: Side) -> Told<()> {
        for key in self.model.keys() {
            let found = self.look_up(side, key).await?;
            if found.is_none() && self.model.may_be_gone(key) {
                *self.model.slot(key) = None;
                continue;
            }
            let view = |record: Option<&Record>| record.map(|record| self.precision.view(record));
            let (found, expected) = (view(found.as_ref()), view(self.model.record(key)));
            if found != expected {
                return Err(format!("the record of key {key} must be\n  {expected:?}\nand is\n  {found:?}"));
            }
        }
        Ok(())
    }

    /// Lists, in pages of two, and counts say of each namespace what look-ups say.
    pub(super) async fn audit(&mut self, side: Side) -> Told<()> {
        for of in 0..NAMESPACES {
            self.audit_of(side, &namespace_of(of)).await?;
        }
        Ok(())
    }

    async fn audit_of(&self, side: Side, namespace: &Namespace) -> Told<()> {
        for state in StateKind::ALL {
            let mut expected: Vec<_> = self
                .model
                .keys()
                .into_iter()
                .filter_map(|key| Some((at(key), self.model.record(key)?)))
                .filter(|(_, record)| record.state.kind() == state && namespace.sees(record))
                .map(|(at, record)| (at, self.precision.view(record)))
                .collect();
            expected.sort_by_key(|(at, _)| *at);
            let counted = Count::new(namespace.clone(), state);
            let count = self
                .store(side)
                .count(counted)
                .await
                .map_err(|error| format!("a count failed: {error:?}"))?;
            if count != expected.len() as u64 {
                return Err(format!("{} records are {state}, and the store counts {count}", expected.len()));
            }
            let (mut after, mut listed) = (None, Vec::new());
            while listed.len() <= expected.len() {
                let page = Page::new(namespace.clone(), state, after, 2);
                let page = self.store(side).list(page).await;
                let page = page.map_err(|error| format!("a list failed: {error:?}"))?;
                let Some(last) = page.last() else { break };
                after = Some(last.address);
                listed.extend(page.iter().map(|entry| (entry.address, self.precision.view(&entry.record))));
            }
            if listed != expected {
                return Err(format!(
                    "the {state} records are\n  {expected:?}\nand are listed as\n  {listed:?}"
                ));
            }
        }
        Ok(())
    }
}
