//! Records survive being packed, and nothing else is read as one.

use super::*;
use crate::store::StoreErrorKind;

fn record(state: State) -> Record {
    Record {
        fingerprint: Fingerprint::of_value("what was asked").unwrap(),
        owner: Owner { fence: Fence::from_u64(77), nonce: Nonce::from_bytes([9; 16]) },
        attempts: 3,
        after_crash: AfterCrash::Rerun,
        created: Timestamp::from_micros(5),
        label: Label::new("POST /pay", b"acme"),
        key_hint: KeyHint::of(b"0123456789"),
        audit: None,
        terms: Some(Terms::new(Duration::from_hours(1), Duration::from_secs(30), "shop")),
        state,
    }
}

fn all_states() -> Vec<Record> {
    let time = Timestamp::from_micros(1_800_000_000_000_000);
    let reply = Reply::from(vec![0, 1, 255]);
    [
        State::Running { lease: time },
        State::Done { reply, expires: time },
        State::Released { expires: time },
        State::Unknown,
        State::Unwinding,
        State::Stuck,
    ]
    .map(record)
    .into()
}

const AT: Address = Address::from_bytes([4; 32]);

#[test]
fn a_record_comes_back_as_it_went() {
    for mut record in all_states() {
        assert_eq!(decode(&encode(&record), AT).unwrap(), record);
        let plain = encode(&record);
        record.audit = Some(AuditLine::from_stored("2026-11-24T15:04:05Z verified: happened, ü"));
        assert_eq!(decode(&encode(&record), AT).unwrap(), record);
        assert_eq!((plain[0], encode(&record)[0]), (1, 2), "who knows no lines must refuse one that has one");
        record.fingerprint = Fingerprint::none();
        assert_eq!(decode(&encode(&record), AT).unwrap(), record);
    }
}

#[test]
fn a_record_that_is_cut_short_is_damaged() {
    let audited = all_states().into_iter().map(|record| {
        let audit = Some(AuditLine::from_stored("of an order"));
        Record { audit, ..record }
    });
    for record in all_states().into_iter().chain(audited) {
        let whole = encode(&record);
        let reply = match &record.state {
            State::Done { reply, .. } => reply.as_bytes().len(),
            _ => 0,
        };
        for length in 0..whole.len() - reply {
            let error = decode(&whole[..length], AT).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{length} bytes");
        }
    }
}

#[test]
fn what_a_newer_version_wrote_is_refused() {
    for at in [0, 1, 42, 43] {
        let mut bytes = encode(&record(State::Unknown));
        bytes[at] = 99;
        assert_eq!(decode(&bytes, AT).unwrap_err().kind(), StoreErrorKind::UnknownFormat, "byte {at}");
    }
}

/// Versions that know no terms keep the whole text as the label, and write it again.
#[test]
fn terms_are_the_third_line_of_the_label() {
    let [record, ..] = &all_states()[..] else { panic!("there is one") };
    let bytes = encode(record);
    let text = "POST /pay\nacme\n3600s 30s shop";
    assert!(bytes.windows(text.len()).any(|window| window == text.as_bytes()));
    assert_eq!(Label::from_stored(text).operation(), "POST /pay");

    let before = Record { terms: None, ..record.clone() };
    assert_eq!(decode(&encode(&before), AT).unwrap(), before, "a record of an older version");
    let label = |text: &str| Record { label: Label::from_stored(text), ..before.clone() };
    let passed_on = decode(&encode_label(&before, text), AT).unwrap();
    assert_eq!(passed_on, *record, "what an older version passed on");
    let newer = decode(&encode_label(&before, &format!("{text}\nmore")), AT).unwrap();
    assert_eq!(newer, *record, "what a newer version may say behind it is left out");
    let odd = decode(&encode_label(&before, "POST /pay\nacme\nodd"), AT).unwrap();
    assert_eq!(odd, label("POST /pay\nacme"), "and so is what is no terms at all");
}

/// The record, with this text where its label is.
fn encode_label(record: &Record, text: &str) -> Vec<u8> {
    let bytes = encode(record);
    let old = record.label.as_str();
    let at = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&bytes[..at - 2], &length, text.as_bytes(), &bytes[at + old.len()..]].concat()
}

#[test]
fn a_claim_and_its_record_are_the_same_from_the_nonce_on() {
    let record = record(State::Running { lease: Timestamp::from_micros(8) });
    let claim = Claim {
        address: AT,
        nonce: record.owner.nonce,
        fingerprint: record.fingerprint,
        lease: Duration::from_secs(1),
        after_crash: record.after_crash,
        terms: record.terms.clone().unwrap(),
        label: record.label.clone(),
        key_hint: record.key_hint,
    };
    let first = Record { attempts: 1, ..record };
    assert_eq!(claimed(&claim), encode(&first)[26..]);
}

#[test]
fn a_time_beyond_the_end_is_the_end() {
    let far = State::Released { expires: Timestamp::from_micros(u64::MAX) };
    assert_eq!(until(&far), END);
    assert_eq!(micros(Duration::MAX), END);
}
