//! Waiting: what ends it, what does not, and the length of the pauses.

use super::wild;
use cmkctl::cloud::Service;
use cmkctl::cloud::answer::{Answer, Broken};
use cmkctl::cloud::fault::{Fault, Reply};
use cmkctl::cloud::operations::{Ended, Patience, Step, step};
use cmkctl::cloud::retry::retry_after;
use cmkctl::error::{Error, Kind};
use cmkctl::model::cause::Cause;
use cmkctl::model::operation::Operation;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::time::Duration;

#[derive(Debug, Clone)]
enum Look {
    State(String),
    Status(u16, Vec<u8>),
    Shape,
    NotSent,
    Lost,
    Unusable,
    Foreign,
    /// The sign-in service can't be reached.
    SignIn,
    /// The sign-in is refused.
    Denied,
}

impl Look {
    fn reply(&self) -> Reply<Operation> {
        let answer = |status: u16, body: &[u8]| Answer {
            status,
            headers: reqwest::header::HeaderMap::new(),
            body: body.to_vec().into(),
        };
        let broken = |broken| Err(Fault::broken(Service::Bap, &broken));
        match self {
            Look::State(state) => Ok(Operation {
                state: state.as_str().into(),
                ..Operation::default()
            }),
            Look::Status(status, body) => {
                Err(Fault::answered(Service::Bap, &answer(*status, body)))
            }
            Look::Shape => Err(Fault::shape(Service::Bap, &answer(200, b"<html>"), "x")),
            Look::NotSent => broken(Broken::NotSent("x".into())),
            Look::Lost => broken(Broken::Lost("x".into())),
            Look::Unusable => broken(Broken::Unusable("x".into())),
            Look::Foreign => broken(Broken::Foreign("x".into())),
            Look::SignIn => {
                let mut error = Error::new(Kind::SignIn, "x");
                error.cause = Some(Cause::Network);
                Err(Fault::sign_in(Service::Bap, error))
            }
            Look::Denied => Err(Fault::sign_in(
                Service::Bap,
                Error::new(Kind::SignIn, "x").code("AADSTS7000222"),
            )),
        }
    }

    /// The expected decision, stated independently of the code.
    fn expected(&self) -> &'static str {
        match self {
            Look::State(state) => {
                let state = state.to_ascii_lowercase();
                if ["succeeded", "failed", "canceled", "cancelled", "completed"]
                    .contains(&state.as_str())
                {
                    "end"
                } else {
                    "wait"
                }
            }
            // A page is not the service's answer. A proxy's 404 says nothing about the operation.
            Look::Status(404, body) if !body.trim_ascii_start().starts_with(b"<") => "end",
            Look::Status(401 | 408 | 425 | 429 | 499 | 500..=599, _) => "wait",
            Look::Foreign => "refused",
            Look::Status(..) | Look::Denied => "denied",
            Look::Shape | Look::NotSent | Look::Lost | Look::Unusable | Look::SignIn => "wait",
        }
    }
}

fn look() -> BoxedStrategy<Look> {
    let state = proptest::sample::select(vec![
        "NotStarted",
        "Running",
        "Succeeded",
        "SUCCEEDED",
        "Failed",
        "Canceled",
        "Cancelled",
        "Completed",
        "Wibble",
        "",
        "Succeeded ",
        "Succeede",
    ]);
    prop_oneof![
        3 => state.prop_map(|state| Look::State(state.to_owned())),
        1 => wild().prop_map(Look::State),
        4 => (prop_oneof![300_u16..600, Just(404)], body()).prop_map(|(status, body)| {
            Look::Status(status, body)
        }),
        1 => Just(Look::Shape),
        1 => Just(Look::NotSent),
        1 => Just(Look::Lost),
        1 => Just(Look::Unusable),
        1 => Just(Look::Foreign),
        1 => Just(Look::SignIn),
        1 => Just(Look::Denied),
    ]
    .boxed()
}

fn body() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        3 => proptest::collection::vec(any::<u8>(), 0..16),
        1 => Just(b" <html>Blocked".to_vec()),
    ]
    .boxed()
}

fn asked_pause() -> BoxedStrategy<Option<Duration>> {
    prop_oneof![
        Just(None),
        (0_u64..10_000).prop_map(|seconds| Some(Duration::from_secs(seconds))),
        any::<u64>().prop_map(|seconds| Some(Duration::from_secs(seconds))),
        Just(Some(Duration::MAX)),
    ]
    .boxed()
}

proptest! {
    #[test]
    fn passing_trouble_never_ends_a_wait_and_an_end_always_does(
        first in asked_pause(),
        looks in proptest::collection::vec((look(), asked_pause()), 1..24),
    ) {
        let mut patience = Patience::new(first);
        let mut denied = 0;
        for (look, asked) in looks {
            let decided = step(&look.reply(), asked, &mut patience);
            let word = match &decided {
                Step::Wait(pause) => {
                    prop_assert!((Duration::from_secs(2)..=Duration::from_secs(3600)).contains(pause), "{:?}", pause);
                    prop_assert!(*pause >= asked.unwrap_or_default().min(Duration::from_secs(3600)), "{:?} {:?}", pause, asked);
                    "wait"
                }
                Step::Stop(Ended::Operation(_) | Ended::Vanished) => "end",
                Step::Stop(other) => return Err(TestCaseError::fail(format!("{other:?} is not for \
                    a look to decide"))),
                Step::Refused => "refused",
            };
            // A refusal counts after six in a row. A single refusal does not end a wait of days.
            let expected = match look.expected() {
                "denied" => {
                    denied += 1;
                    if denied >= 6 { "refused" } else { "wait" }
                }
                other => {
                    denied = 0;
                    other
                }
            };
            prop_assert_eq!(word, expected, "{:?}", look);
            if word != "wait" {
                break;
            }
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date(seconds in any::<u64>(), pad in " {0,3}",
        at in -30_000_000_000_i64..200_000_000_000, ahead in -100_000_i64..100_000) {
        let now = Timestamp::from_second(at).unwrap();
        prop_assert_eq!(retry_after(&format!("{pad}{seconds}{pad}"), now),
            Some(Duration::from_secs(seconds)));
        let then = now + SignedDuration::from_secs(ahead);
        let date = then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let year: i16 = then.strftime("%Y").to_string().parse().unwrap();
        if (1900..=9999).contains(&year) {
            prop_assert_eq!(retry_after(&date, now),
                Some(Duration::from_secs(ahead.max(0).unsigned_abs())), "{}", date);
        }
    }

    #[test]
    fn nonsense_for_retry_after_is_no_pause(text in prop_oneof![wild(), "[0-9+. -]{0,24}",
        "(Mon|Xyz)?,? ?[0-9]{1,3} (Mar|Feb|Foo) [0-9]{1,6} [0-9]{1,3}:[0-9:]{1,6} \
        (GMT|[+-][0-9]{1,5}|Z)?"], at in any::<i32>()) {
        let now = Timestamp::from_second(i64::from(at)).unwrap();
        if let Some(pause) = retry_after(&text, now) {
            let digits = text.trim().trim_start_matches('+');
            let is_pause = |seconds| Duration::from_secs(seconds) == pause;
            let number = digits.parse::<u64>().is_ok_and(is_pause);
            prop_assert!(number || text.contains(':'), "{:?} {:?}", text, pause);
        }
    }
}
