//! How the forms of a row are called and compared.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;

use super::trace::{all_dropped, at_gate, begin, events, note, open};
use super::values::Made;
use crate::support::Call as Request;

/// A call under way, with what its caller hears.
pub type Calling = Pin<Box<dyn Future<Output = String> + Send>>;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A router, with a request.
    Router,
    /// Another function.
    Function,
}

/// A function with or without the attribute.
pub struct Form {
    pub name: &'static str,
    pub caller: Caller,
    pub outlives: bool,
    pub call: Box<dyn Fn() -> Calling>,
}

/// All forms of a row. The first of each caller is bare.
pub struct Forms(pub Vec<Form>);

/// What a call did, and what its caller heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    events: String,
    heard: String,
}

impl Form {
    async fn run(&self) -> Outcome {
        begin();
        open();
        let heard = match tokio::spawn((self.call)()).await {
            Ok(heard) => heard,
            Err(error) => format!("panic {}", error.into_panic().downcast_ref::<&str>().unwrap()),
        };
        Outcome { events: events(), heard }
    }

    /// The events of a call whose caller stays.
    pub async fn trace(&self) -> Vec<String> {
        self.run().await.events.split(' ').map(str::to_owned).collect()
    }

    /// The caller leaves when the body stands at its gate.
    pub async fn leave(&self) -> String {
        begin();
        let task = tokio::spawn((self.call)());
        at_gate().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        note("left");
        open();
        all_dropped().await;
        events()
    }
}

impl Forms {
    /// Each form does the same, and its caller hears the same.
    pub async fn do_all(&self, expected: &str) {
        for caller in [Caller::Router, Caller::Function] {
            let mut forms = self.0.iter().filter(|form| form.caller == caller);
            let Some(bare) = forms.next() else { continue };
            let wanted = bare.run().await;
            assert_eq!((bare.name, wanted.events.as_str()), (bare.name, expected));
            for form in forms {
                assert_eq!((form.name, form.run().await), (form.name, wanted.clone()));
            }
        }
    }

    /// As [`do_all`](Self::do_all), where the order is another one since the edition 2024.
    pub async fn do_by_edition(&self, until_2021: &str, since_2024: &str) {
        self.do_all(if crate::EDITION < 2024 { until_2021 } else { since_2024 }).await;
    }

    /// Each form does the same until it panics. Without the attribute, and in a function that is none of axum's, the
    /// panic goes on to the caller; a handler under the attribute answers 500.
    pub async fn panic_all(&self, expected: &str) {
        for form in &self.0 {
            let Outcome { events, heard } = form.run().await;
            assert_eq!((form.name, events.as_str()), (form.name, expected));
            let answers = form.caller == Caller::Router && form.name != "bare";
            let wanted = if answers { "500 " } else { "panic oh" };
            assert!(heard.starts_with(wanted), "{}: {heard}", form.name);
        }
    }

    /// As [`panic_all`](Self::panic_all), where the order is another one since the edition 2024.
    pub async fn panic_by_edition(&self, until_2021: &str, since_2024: &str) {
        self.panic_all(if crate::EDITION < 2024 { until_2021 } else { since_2024 }).await;
    }

    /// When the caller leaves, a function drops all that it holds. A body that outlives its caller drops nothing then,
    /// and goes on as if its caller had stayed.
    pub async fn leave_all(&self, dropped: &str, outlived: &str) {
        let mut full = outlived.split(' ').filter(|event| *event != "left").collect::<Vec<_>>().join(" ");
        for form in &self.0 {
            let wanted = if form.outlives { outlived } else { dropped };
            assert_eq!((form.name, form.leave().await.as_str()), (form.name, wanted));
            assert_eq!((form.name, &mut form.run().await.events), (form.name, &mut full));
        }
    }
}

/// An async function whose arguments can be made.
pub trait Call<Arguments>: Copy + Send + 'static {
    fn call(self) -> Calling;
}

macro_rules! callable {
    ($($argument:ident)*) => {
        impl<F, R, T: Debug, $($argument: Made),*> Call<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Copy + Send + 'static,
            R: Future<Output = T> + Send,
        {
            fn call(self) -> Calling {
                Box::pin(async move {
                    let heard = self($($argument::made()),*).await;
                    format!("{heard:?}")
                })
            }
        }
    };
}
callable!();
callable!(A);
callable!(A B);
callable!(A B C);
callable!(A B C D);

/// A function that is called.
pub fn called<A>(name: &'static str, outlives: bool, function: impl Call<A>) -> Form {
    Form { name, caller: Caller::Function, outlives, call: Box::new(move || function.call()) }
}

/// A handler that gets a request.
pub fn routed(name: &'static str, outlives: bool, router: Router) -> Form {
    let call = move || -> Calling {
        let router = router.clone();
        Box::pin(async move {
            let answer = Request::post("/").key(&fresh().to_string()).send(&router).await;
            format!("{} {}", answer.status.as_u16(), answer.body)
        })
    };
    Form { name, caller: Caller::Router, outlives, call: Box::new(call) }
}

/// A key that no call had.
pub fn fresh() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}
