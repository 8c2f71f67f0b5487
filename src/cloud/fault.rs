//! Errors of the wire, as facts without hints.

use crate::cloud::answer::{Answer, Broken};
use crate::cloud::clouds::Service;
use crate::cloud::clues::Clues;
use crate::cloud::json;
use crate::cloud::service_errors::code_and_message;
use crate::error::Error;
use crate::model::cause::Cause;
use crate::model::seen::{Reason, Seen, Unreadable};
use crate::model::who;
use std::time::Duration;

/// Why a call failed.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The called service.
    pub service: Service,
    /// The kind of failure.
    pub happened: Happened,
    /// The service's error code, such as `OperationNotStartable`.
    pub code: Option<String>,
    /// The most specific nested code, such as `ForbiddenByFirewall`.
    pub inner_code: Option<String>,
    /// The message of the service or the system.
    pub message: String,
    /// The correlation id for a support ticket.
    pub correlation: Option<String>,
    /// The id that cmkctl gave the request, if it may have been sent. A `Box<str>` keeps every
    /// result small.
    pub client_request: Option<Box<str>>,
    /// The pause that the service asked for (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// Was this a request for a list? Then 404 says nothing about the list's members.
    pub list: bool,
    /// Further facts about the cause.
    pub clues: Box<Clues>,
}

/// The kind of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An answer with this HTTP status.
    Status(u16),
    /// A success whose body is unreadable.
    Shape,
    /// The request was not sent.
    NotSent,
    /// The request was not sent: the server's certificate is not trusted.
    Untrusted,
    /// The request was not sent: its sandbox has stopped.
    SandboxGone,
    /// No answer came. The request may have had its effect.
    Lost,
    /// The request was not sent: the URL is not on a host of the cloud.
    Foreign,
    /// cmkctl could not get a token.
    SignIn(Box<Error>),
    /// The request was not sent: the audit log could not be written.
    Unwritten(Box<Error>),
}

impl Fault {
    /// The fault of an answer that is not a success.
    pub fn answered(service: Service, answer: &Answer) -> Self {
        let body = serde_json::from_slice(&answer.body).ok();
        let (code, inner_code, mut message) = code_and_message(answer, body.as_ref());
        let clues = Clues::of(answer, body.unwrap_or_default(), &message);
        if let (300..400, Some(place)) = (answer.status, answer.header("location")) {
            message = format!(
                "the answer redirects to {}, and cmkctl does not follow redirects",
                json::clean(place)
            );
        }
        Self {
            service,
            happened: Happened::Status(answer.status),
            code,
            inner_code,
            message,
            correlation: answer.correlation().map(json::clean),
            client_request: answer.client_request().map(|id| json::clean(id).into()),
            retry_after: None,
            list: false,
            clues: Box::new(clues),
        }
    }

    /// The fault of a success whose body is unreadable.
    pub fn shape(service: Service, answer: &Answer, why: impl Into<String>) -> Self {
        let kind = answer.header("content-type").unwrap_or("no content type");
        let message = format!(
            "{}, {} bytes: {}",
            json::clean(kind),
            answer.body.len(),
            why.into()
        );
        Self {
            service,
            happened: Happened::Shape,
            code: None,
            inner_code: None,
            message,
            correlation: answer.correlation().map(json::clean),
            client_request: answer.client_request().map(|id| json::clean(id).into()),
            retry_after: None,
            list: false,
            clues: Box::new(Clues {
                page: answer.is_page(),
                ..Clues::default()
            }),
        }
    }

    /// The fault of a request without an answer.
    pub fn broken(service: Service, broken: &Broken) -> Self {
        let cause = match broken {
            Broken::NotSent(_) => Happened::NotSent,
            Broken::Untrusted(_) => Happened::Untrusted,
            Broken::SandboxGone(_) => Happened::SandboxGone,
            Broken::Lost(_) => Happened::Lost,
            Broken::Unusable(_) => Happened::Shape,
            Broken::Foreign(_) => Happened::Foreign,
        };
        Self::unanswered(service, cause, json::clean(broken.text()))
    }

    /// Adds the request's id, unless nothing was sent.
    #[must_use]
    pub fn sent_as(self, id: impl Into<Option<String>>) -> Self {
        let sent = !matches!(
            self.happened,
            Happened::NotSent | Happened::Untrusted | Happened::SandboxGone | Happened::Foreign
        );
        let client_request = self
            .client_request
            .or_else(|| id.into().filter(|_| sent).map(Into::into));
        Self {
            client_request,
            ..self
        }
    }

    /// A fault without an answer of the service.
    fn unanswered(service: Service, cause: Happened, message: String) -> Self {
        Self {
            service,
            happened: cause,
            code: None,
            inner_code: None,
            message,
            correlation: None,
            client_request: None,
            retry_after: None,
            list: false,
            clues: Box::default(),
        }
    }

    /// The fault of a missing token.
    pub fn sign_in(service: Service, error: Error) -> Self {
        let message = error.to_string();
        Self::unanswered(service, Happened::SignIn(Box::new(error)), message)
    }

    /// The fault of an audit log that could not be written.
    pub fn unwritten(service: Service, error: Error) -> Self {
        let message = error.to_string();
        Self::unanswered(service, Happened::Unwritten(Box::new(error)), message)
    }

    /// Marks the fault as that of a list.
    #[must_use]
    pub fn of_list(self) -> Self {
        Self { list: true, ..self }
    }

    /// Does the fault prove that the named resource does not exist? A list never proves it, nor
    /// does a proxy's page.
    pub fn is_absence(&self) -> bool {
        // If the subscription is not visible, nothing is known about its resources.
        let somewhere = !self.is_subscription_gone();
        self.status() == Some(404) && !self.list && !self.clues.page && somewhere
    }

    /// Does the subscription not exist, or is it not visible to this caller?
    pub fn is_subscription_gone(&self) -> bool {
        self.is("SubscriptionNotFound")
    }

    /// Was the sign-in refused? That is never a missing role.
    pub fn is_sign_in(&self) -> bool {
        matches!(self.happened, Happened::SignIn(_) | Happened::Status(401))
    }

    /// HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self.happened {
            Happened::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Is this the service's error code? Compared without case.
    pub fn is(&self, code: &str) -> bool {
        self.code
            .as_deref()
            .is_some_and(|fault_code| fault_code.eq_ignore_ascii_case(code))
    }

    /// May the request have had its effect without a success? Yes for a gateway's page, a timeout
    /// and a cut connection. Yes also for redirects, and for refusals that a gateway may have
    /// written itself (401, 429, 503).
    pub fn is_ambiguous(&self) -> bool {
        match self.happened {
            Happened::Lost | Happened::Shape => true,
            // The gateway that wrote the page may have forwarded the request.
            Happened::Status(400..500) if self.clues.page => true,
            Happened::Status(status) => {
                matches!(status, 300..=399 | 401 | 408 | 425 | 429 | 499 | 500..)
            }
            _ => false,
        }
    }

    /// Does the status say that the service did not process the request (401, 429, 503)? Only a
    /// read of the current state can confirm it.
    pub fn is_turned_away(&self) -> bool {
        matches!(self.status(), Some(401 | 429 | 503))
    }

    /// Is it a 403?
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// The failure as a clause without a full stop.
    pub fn clause(&self) -> String {
        let who = self.service.name();
        // Some gateways repeat the status as the code.
        let status = self.status().map(|status| status.to_string());
        let code = self
            .telling()
            .filter(|code| Some(*code) != status.as_deref());
        match (&self.happened, code) {
            (Happened::Status(status), Some(code)) => format!("{who} answered {status} {code}"),
            (Happened::Status(status), None) => format!("{who} answered {status}"),
            (Happened::SignIn(_), _) => format!("the sign-in to {who} failed"),
            (Happened::Unwritten(_), _) => "the audit log can't be written".to_owned(),
            (Happened::NotSent, _) => format!("{who} can't be reached"),
            (Happened::SandboxGone, _) => "the sandbox has stopped".to_owned(),
            (Happened::Untrusted, _) => format!("the certificate of {who} is not trusted"),
            (Happened::Lost, _) => format!("{who} did not answer"),
            (Happened::Foreign, _) => "the address does not belong to the cloud".to_owned(),
            (Happened::Shape, _) => format!("{who} sent something that can't be understood"),
        }
    }

    /// Turns the fault into an error of a command. `what` is the sentence that says what failed. If
    /// the cause is known, the error has its remedies as hints.
    pub fn into_error(self, what: impl Into<String>) -> Error {
        if let Happened::SignIn(error) | Happened::Unwritten(error) = &self.happened {
            return (**error).clone();
        }
        let (judged, telling) = (self.judged(), self.telling().map(str::to_owned));
        let clause = self.clause();
        let detail = if self.message.is_empty() {
            format!("{clause}.")
        } else {
            format!("{clause}: {}", self.message)
        };
        let mut error = Error::new(judged.kind(), what).detail(capital(&detail));
        error.cause = Some(judged.cause);
        error.explained = judged.is_told();
        error.finding = judged.known.and_then(|known| known.belongs_to);
        let who = judged.known.is_some().then(|| judged.who());
        let who = who.filter(|who| error.explained && *who != who::CALLER);
        error.hints = judged.remedy;
        error
            .hints
            .extend(who.map(|who| format!("Who can apply this fix: {who}.")));
        error.lacking = self.clues.lacking.map(Box::new);
        error.code = telling;
        error.correlation = self.correlation;
        error.client_request = self.client_request.map(String::from);
        error
    }

    /// The fault as an unreadable fact of an observation.
    pub fn unreadable(&self) -> Unreadable {
        let judged = self.judged();
        Unreadable {
            why: self.clause(),
            // A page, a proxy, or a failure behind the service says nothing about rights. A vault's
            // firewall may admit another caller.
            forbidden: self.is_forbidden() && !self.clues.page && judged.cause != Cause::Service,
            reason: Reason::Other,
            told: self.told(&judged).map(Box::new),
        }
    }
}

/// Is the status transient?
pub(super) fn passing_status(status: u16) -> bool {
    status >= 500 || matches!(status, 408 | 425 | 429 | 499)
}

/// The result of a call.
pub type Reply<T> = std::result::Result<T, Fault>;

/// The read as an observed fact. A 404 for a named resource is absent, and every other failure is
/// unreadable.
pub fn seen<T>(reply: Reply<T>) -> Seen<T> {
    match reply {
        Ok(value) => Seen::Present(value),
        Err(fault) if fault.is_absence() => Seen::Absent,
        Err(fault) => Seen::Unreadable(fault.unreadable()),
    }
}

/// The text with a capital letter, for the start of a sentence.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use reqwest::header::HeaderMap;

    fn fault(status: u16, body: &str) -> Fault {
        let answer = Answer {
            status,
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
        };
        Fault::answered(Service::Bap, &answer)
    }

    #[test]
    fn any_shape_of_an_error_is_shown_and_none_fails() {
        let busy = fault(
            409,
            r#"{"error":{"code":"OperationNotStartable","message":"There is an active lifecycle operation."}}"#,
        );
        assert!(busy.is("operationnotstartable"));
        assert_eq!(busy.clone().into_error("x").kind, Kind::Busy);
        assert_eq!(busy.message, "There is an active lifecycle operation.");
        let firewall = fault(
            403,
            r#"{"error":{"code":"Forbidden","message":"m","innererror":{"code":"ForbiddenByFirewall"}}}"#,
        );
        assert_eq!(firewall.inner_code.as_deref(), Some("ForbiddenByFirewall"));
        assert_eq!(firewall.into_error("x").kind, Kind::Forbidden);
        let flat = fault(
            409,
            r#"{"errorDetail":{"code":"OperationNotStartable","fieldErrors":{"a":"One runs.","b":["x"]}}}"#,
        );
        assert!(flat.is("OperationNotStartable"));
        assert_eq!(flat.message, r#"One runs. ["x"]"#);
        for (body, part) in [
            ("", "empty"),
            ("<html><body>Bad gateway</body></html>", "Bad gateway"),
            ("plain", "plain"),
            (r#"{"code":"A","message":"B"}"#, "B"),
            (r#"{"odd":1}"#, "odd"),
            ("[1]", "[1]"),
            ("null", "null"),
        ] {
            assert!(fault(502, body).message.contains(part), "{body}");
            assert!(fault(502, body).is_ambiguous());
        }
    }
}
