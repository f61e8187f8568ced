//! What can be wrong with a claim.

use std::time::Duration;

use super::super::flaw::Flaw;
use super::tallies;
use idem_core::clock::Timestamp;
use idem_core::fingerprint::Fingerprint;
use idem_core::protocol::{
    self, AfterCrash, Claim, ClaimOutcome, Fence, Nonce, Record, Replay, State, Terms, Won,
};
use idem_core::{KeyHint, Label};

pub(super) fn claim(flaw: Flaw, slot: &mut Option<Record>, mut claim: Claim, now: Timestamp) -> ClaimOutcome {
    let before = slot.clone();
    if let Some(outcome) = before.as_ref().and_then(|old| instead(flaw, old, &claim, now)) {
        return outcome;
    }
    if let Some(old) = slot {
        twist(flaw, old, &mut claim, now);
    }
    match flaw {
        Flaw::WrapsLongSpans if claim.lease > Duration::from_secs(1 << 40) => claim.lease = Duration::ZERO,
        Flaw::KeepsAsciiLabels => {
            let ascii: String = claim.label.as_str().chars().filter(char::is_ascii).collect();
            claim.label = Label::from_stored(&ascii);
        }
        Flaw::LosesHints => claim.key_hint = KeyHint::default(),
        _ => {}
    }
    let outcome = protocol::claim(slot, &claim, now);
    let Some(record) = slot else { return outcome };
    after(flaw, before.as_ref(), record, &claim, outcome, now)
}

/// Answers given without looking further.
fn instead(flaw: Flaw, old: &Record, claim: &Claim, now: Timestamp) -> Option<ClaimOutcome> {
    let repeat = old.owner.nonce == claim.nonce;
    let other = old.fingerprint != claim.fingerprint;
    let in_flight = Some(ClaimOutcome::InFlight { lease_left: Duration::from_secs(1) });
    match (flaw, &old.state) {
        (Flaw::TellsInFlightBeforeMismatch, State::Running { lease }) if *lease > now && !repeat => in_flight,
        (Flaw::TellsMismatchBeforeExpiry, _) if other => Some(ClaimOutcome::Mismatch),
        (Flaw::TellsUnknownBeforeMismatch, State::Unknown) => Some(ClaimOutcome::Unknown),
        (Flaw::LeasesLastForEver, State::Running { lease }) if *lease <= now && !repeat && !other => {
            in_flight
        }
        (Flaw::LeasesEndLate, State::Running { lease }) if *lease == now && !repeat && !other => in_flight,
        (Flaw::ForgetsClaims, State::Running { lease }) if repeat && *lease > now => in_flight,
        (Flaw::IgnoresExpiry, State::Done { reply, expires }) if *expires <= now && !other => {
            Some(ClaimOutcome::Replay(Replay::new(reply.clone(), Duration::ZERO)))
        }
        (Flaw::ReplaysReleased, State::Released { expires }) if *expires > now && !other => {
            Some(ClaimOutcome::Replay(Replay::new(Vec::new().into(), Duration::from_secs(1))))
        }
        (Flaw::RerunsDoneForItsOwner, State::Done { .. }) if repeat => {
            Some(ClaimOutcome::Won(Won::new(old.owner, old.attempts)))
        }
        (Flaw::LeavesUnknownRunning, State::Running { lease })
            if *lease <= now && old.after_crash == AfterCrash::Unknown && !repeat && !other =>
        {
            Some(ClaimOutcome::Unknown)
        }
        _ => None,
    }
}

/// What is changed before the protocol is asked.
fn twist(flaw: Flaw, old: &mut Record, claim: &mut Claim, now: Timestamp) {
    let (mine, theirs) = (claim.fingerprint, old.fingerprint);
    match (flaw, &old.state) {
        (Flaw::IgnoresFingerprint, _) => claim.fingerprint = theirs,
        (Flaw::ComparesDigestsOnly, _) if mine.digest() == theirs.digest() => claim.fingerprint = theirs,
        (Flaw::ComparesHalfTheFingerprint, _) if half(mine) == half(theirs) => claim.fingerprint = theirs,
        (Flaw::IgnoresLease, State::Running { .. }) => old.state = State::Running { lease: now },
        (Flaw::IgnoresCrashPolicy, _) => old.after_crash = AfterCrash::Rerun,
        (Flaw::AsksTheClaimantForThePolicy, _) => old.after_crash = claim.after_crash,
        (Flaw::RerunsForOtherRequests, State::Running { lease }) if *lease <= now => {
            claim.fingerprint = theirs;
        }
        // Any other claim than the owner's wins here.
        (Flaw::RunsReleasedForItsOwner, State::Released { expires }) if *expires > now => {
            old.owner.nonce = Nonce::from_bytes([0; 16]);
        }
        (Flaw::RunsExpiredForItsOwner, state) if state.is_expired(now) => {
            old.owner.nonce = Nonce::from_bytes([0; 16]);
        }
        (Flaw::RerunsUnknown, State::Unknown) => old.state = State::Released { expires: now + claim.lease },
        _ => {}
    }
}

fn half(print: Fingerprint) -> Option<(u8, Vec<u8>)> {
    Some((print.recipe(), print.digest().get(..16)?.to_vec()))
}

/// What is changed after it has answered.
fn after(
    flaw: Flaw,
    before: Option<&Record>,
    record: &mut Record,
    claim: &Claim,
    outcome: ClaimOutcome,
    now: Timestamp,
) -> ClaimOutcome {
    let old = before.filter(|old| !old.state.is_expired(now));
    let new = old.is_none_or(|old| old.owner != record.owner);
    match (flaw, &outcome) {
        (Flaw::AnswersWonTwice, ClaimOutcome::InFlight { .. }) => {
            return ClaimOutcome::Won(Won::new(record.owner, record.attempts));
        }
        (Flaw::MistakesLeaseLeft, ClaimOutcome::InFlight { .. }) => {
            return ClaimOutcome::InFlight { lease_left: claim.lease + Duration::from_secs(1) };
        }
        (Flaw::DisownsUnknown, ClaimOutcome::Unknown) => record.owner.nonce = claim.nonce,
        (Flaw::InFlightPushesLease, ClaimOutcome::InFlight { .. }) => {
            if let State::Running { lease } = &mut record.state {
                *lease = *lease + Duration::from_secs(1);
            }
        }
        (Flaw::ReplaysPushExpiry, ClaimOutcome::Replay(_)) => {
            if let State::Done { expires, .. } = &mut record.state {
                *expires = *expires + Duration::from_secs(1);
            }
        }
        (_, ClaimOutcome::Won(_)) if new => won(flaw, before, old, record, now),
        (Flaw::RepeatsPushLeases, ClaimOutcome::Won(_)) => {
            record.state = State::Running { lease: now + claim.lease + Duration::from_secs(1) };
        }
        (Flaw::RepeatsCountAsAttempts, ClaimOutcome::Won(_))
        | (Flaw::MismatchesWrite, ClaimOutcome::Mismatch) => {
            record.attempts += 1;
        }
        _ => {}
    }
    match outcome {
        ClaimOutcome::Won(won) => {
            let took_over = tallies::took_over(flaw, before, won.took_over);
            ClaimOutcome::Won(with!(Won::new(record.owner, record.attempts), took_over))
        }
        other => other,
    }
}

/// `old` is what was there and alive, `before` also what was expired.
fn won(flaw: Flaw, before: Option<&Record>, old: Option<&Record>, record: &mut Record, now: Timestamp) {
    match (flaw, old) {
        (Flaw::KeepsTheFirstTerms, Some(old)) => record.terms.clone_from(&old.terms),
        (Flaw::LosesTermsAtClaims, Some(_)) => record.terms = None,
        (Flaw::CutsNamespacesAtSpaces, _) => {
            record.terms = record.terms.as_ref().map(|terms| {
                let namespace = terms.namespace().split(' ').next().unwrap_or_default();
                Terms::new(terms.retention(), terms.lease(), namespace)
            });
        }
        (Flaw::SwapsRetentionAndLease, _) => {
            let swapped = |terms: &Terms| Terms::new(terms.lease(), terms.retention(), terms.namespace());
            record.terms = record.terms.as_ref().map(swapped);
        }
        (Flaw::KeepsTheFirstPolicy, Some(old)) => record.after_crash = old.after_crash,
        (Flaw::ReturnsFenceOfTheClock, Some(_)) => record.owner.fence = Fence::from_u64(now.as_micros()),
        (Flaw::CountsFencesFromOne, None) => record.owner.fence = Fence::from_u64(1),
        (Flaw::ForgetsAttempts, Some(_)) => record.attempts = 1,
        (Flaw::ForgetsAge, Some(_)) => record.created = now,
        (Flaw::LosesLinesAtClaims, Some(_)) => record.audit = None,
        (Flaw::KeepsLinesPastExpiry, None) => record.audit = before.and_then(|old| old.audit.clone()),
        (Flaw::Relabels, Some(_)) => record.label = Label::new("relabelled", b""),
        (Flaw::StampsSeconds, None) => record.created = Timestamp::from_micros(now.as_micros() / 1_000_000),
        (Flaw::KeepsTheExpiredRecord, None) => {
            if let Some(expired) = before {
                let (label, created, attempts) =
                    (expired.label.clone(), expired.created, expired.attempts + 1);
                *record = with!(record.clone(), attempts, created, label);
            }
        }
        _ => {}
    }
}

/// Half a nonce, for who compares no more.
pub(super) fn front(nonce: Nonce) -> Vec<u8> {
    nonce.as_bytes().iter().take(8).copied().collect()
}
