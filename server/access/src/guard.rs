//! The one place that says yes or no to a request.

use std::net::IpAddr;
use std::num::NonZeroUsize;

use lru::LruCache;
use parking_lot::Mutex;
use twox_hash::XxHash3_128;

use crate::credentials::{Credentials, check_hash, verify};
use crate::throttle::Throttle;
use crate::{Cidr, Result, origin};

/// What a request wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Liveness: open to all, tells nothing.
    Public,
    /// Queries, dashboards, pages.
    Read,
    /// Pushes of samples, lines, spans.
    Ingest,
    /// Deletes, reloads, settings.
    Admin,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Read only.
    Read,
    /// Push only.
    Ingest,
}

impl Role {
    fn may(self, action: Action) -> bool {
        match action {
            Action::Public => true,
            Action::Read => matches!(self, Role::Admin | Role::Read),
            Action::Ingest => matches!(self, Role::Admin | Role::Ingest),
            Action::Admin => self == Role::Admin,
        }
    }
}

/// A bearer token and what it may do.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Its name, for messages.
    pub name: String,
    /// The token itself.
    pub secret: String,
    /// What it may do.
    pub role: Role,
}

/// The settings a [`Guard`] follows.
#[derive(Clone, Default)]
pub struct Policy {
    /// The admin's argon2id hash; without one (loopback only) nobody is asked for a password.
    pub admin_hash: Option<String>,
    /// Bearer tokens.
    pub tokens: Vec<Token>,
    /// Networks that may push without a password.
    pub open_ingest: Vec<Cidr>,
    /// Names beside `localhost` that the server is called by when it has no password.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may call the server.
    pub cors_origins: Vec<String>,
}

impl Policy {
    /// Whether requests need credentials.
    pub fn needs_password(&self) -> bool {
        self.admin_hash.is_some()
    }
}

/// What a decision needs to know of a request.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// What it wants.
    pub action: Action,
    /// Where it comes from.
    pub peer: IpAddr,
    /// Whether its method is GET or HEAD.
    pub is_get: bool,
    /// `Host`, or HTTP/2's `:authority`.
    pub host: Option<&'a str>,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<&'a str>,
    /// `Sec-Fetch-Mode`.
    pub fetch_mode: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// Now, ms.
    pub now_ms: i64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allow,
    /// 401: the credentials are missing or wrong.
    Unauthorized(String),
    /// 403: the credentials are right, or do not matter, and it is not allowed.
    Forbidden(String),
    /// 429: too many wrong passwords from this address.
    TooMany(String),
    /// Ask [`Guard::verify`], on a thread that may be busy for some 50 ms.
    Verify(Attempt),
}

/// A password that was not seen before.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    password: String,
    peer: IpAddr,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attempt from {}", self.peer)
    }
}

/// Credentials that were right lately: argon2 is slow by design, and a dashboard asks many times a second.
const MOST_REMEMBERED: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// Decides over requests.
pub struct Guard {
    policy: Policy,
    throttle: Throttle,
    // Keyed by a hash with a secret seed of this process: passwords are not kept.
    remembered: Mutex<LruCache<u128, ()>>,
    seed: u64,
}

impl Guard {
    /// A guard that follows `policy`. Errors: a hash that cannot be read.
    pub fn new(policy: Policy) -> Result<Self> {
        if let Some(hash) = &policy.admin_hash {
            check_hash(hash)?;
        }
        let remembered = Mutex::new(LruCache::new(MOST_REMEMBERED));
        Ok(Guard { policy, throttle: Throttle::new(), remembered, seed: rand::random() })
    }

    /// The settings it follows.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Yes or no, at once; or that a password has to be verified.
    pub fn decide(&self, facts: &RequestFacts<'_>) -> Decision {
        if facts.action == Action::Public {
            return Decision::Allow;
        }
        if let Some(why) = origin::refuse(&self.policy, facts) {
            return Decision::Forbidden(why);
        }
        if self.policy.admin_hash.is_none() || self.is_open(facts) {
            return Decision::Allow;
        }
        let Some(credentials) = facts.authorization.and_then(Credentials::parse) else {
            return Decision::Unauthorized(missing(facts));
        };
        let wrong = || Decision::Unauthorized("wrong user, password or token".into());
        let (user, secret) = match credentials {
            Credentials::Bearer(secret) => (None, secret),
            Credentials::Basic { user, password } => (Some(user), password),
        };
        // A token may stand where a client knows only basic authentication. Tokens are long: nobody guesses them.
        if let Some(token) =
            self.policy.tokens.iter().find(|token| same(secret.as_bytes(), token.secret.as_bytes()))
        {
            let why = "this token may not do that";
            return if token.role.may(facts.action) {
                Decision::Allow
            } else {
                Decision::Forbidden(why.into())
            };
        }
        if user.as_deref() != Some("admin") {
            return wrong();
        }
        if self.remembered.lock().get(&self.key_of(&secret)).is_some() {
            return Decision::Allow;
        }
        if !self.throttle.begin(facts.peer, facts.now_ms) {
            return Decision::TooMany("too many wrong passwords from this address: wait a minute".into());
        }
        Decision::Verify(Attempt { password: secret, peer: facts.peer })
    }

    /// Whether the password of an attempt is the admin's. Takes some 50 ms of CPU and 19 MiB the first time.
    pub fn verify(&self, attempt: &Attempt) -> Decision {
        let key = self.key_of(&attempt.password);
        let known = self.remembered.lock().get(&key).is_some();
        let hash = self.policy.admin_hash.as_deref().unwrap_or_default();
        if !known && !verify(&attempt.password, hash) {
            return Decision::Unauthorized("wrong user, password or token".into());
        }
        self.remembered.lock().put(key, ());
        self.throttle.forgive(attempt.peer);
        Decision::Allow
    }

    /// Whether the request is a push from a network that needs no password. Agents send neither `Origin` nor
    /// `Sec-Fetch-Site`: what does is a page, and could stand on a rebound name.
    fn is_open(&self, facts: &RequestFacts<'_>) -> bool {
        facts.action == Action::Ingest
            && facts.origin.is_none()
            && facts.fetch_site.is_none()
            && self.policy.open_ingest.iter().any(|network| network.contains(facts.peer))
    }

    fn key_of(&self, password: &str) -> u128 {
        XxHash3_128::oneshot_with_seed(self.seed, password.as_bytes())
    }
}

fn missing(facts: &RequestFacts<'_>) -> String {
    let push = "; to let a network push without one, add it to access.open_ingest";
    let hint = if facts.action == Action::Ingest { push } else { "" };
    format!("this server wants user admin and its password, or a bearer token{hint}")
}

/// Compares in time that does not depend on where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash_password;

    fn facts(action: Action) -> RequestFacts<'static> {
        RequestFacts {
            action,
            peer: "127.0.0.1".parse().expect("an address"),
            is_get: true,
            host: Some("localhost:3000"),
            origin: None,
            fetch_site: None,
            fetch_mode: None,
            authorization: None,
            now_ms: 0,
        }
    }

    /// The decision after a password was verified.
    fn decided(guard: &Guard, facts: &RequestFacts<'_>) -> Decision {
        match guard.decide(facts) {
            Decision::Verify(attempt) => guard.verify(&attempt),
            decision => decision,
        }
    }

    fn guarded() -> Guard {
        let token = Token { name: "ci".into(), secret: "tok".into(), role: Role::Read };
        let policy = Policy {
            admin_hash: Some(hash_password("secret").expect("hashed")),
            tokens: vec![token],
            open_ingest: vec!["10.0.0.0/8".parse().expect("a network")],
            ..Policy::default()
        };
        Guard::new(policy).expect("a guard")
    }

    #[test]
    fn loopback_without_password_knows_its_names() {
        let guard =
            Guard::new(Policy { allowed_hosts: vec!["box".into()], ..Policy::default() }).expect("a guard");
        let decide = |host| guard.decide(&RequestFacts { host: Some(host), ..facts(Action::Read) });
        for own in ["localhost", "127.0.0.1:3000", "[::1]:3000", "box:3000", "a.localhost"] {
            assert_eq!(decide(own), Decision::Allow, "{own}");
        }
        for foreign in ["evil.example", "evil.example:3000", "192.168.1.1", "localhost.evil.example"] {
            assert!(matches!(decide(foreign), Decision::Forbidden(_)), "{foreign}");
        }
    }

    #[test]
    fn pages_elsewhere_are_refused() {
        let policy = Policy { cors_origins: vec!["https://ok.example".into()], ..Policy::default() };
        let guard = Guard::new(policy).expect("a guard");
        let decide = |origin| guard.decide(&RequestFacts { origin: Some(origin), ..facts(Action::Read) });
        assert_eq!(decide("http://localhost:3000"), Decision::Allow);
        assert_eq!(decide("https://ok.example"), Decision::Allow);
        for foreign in ["null", "http://localhost:8080", "http://evil.example", "file://"] {
            assert!(matches!(decide(foreign), Decision::Forbidden(_)), "{foreign}");
        }
        let image = RequestFacts {
            fetch_site: Some("cross-site"),
            fetch_mode: Some("no-cors"),
            ..facts(Action::Read)
        };
        assert!(matches!(guard.decide(&image), Decision::Forbidden(_)));
        assert_eq!(guard.decide(&RequestFacts { fetch_mode: Some("navigate"), ..image }), Decision::Allow);
    }

    #[test]
    fn passwords_tokens_and_open_networks() {
        let guard = guarded();
        let with = |action, authorization| {
            decided(&guard, &RequestFacts { authorization, host: Some("box.lan"), ..facts(action) })
        };
        let admin = Some("Basic YWRtaW46c2VjcmV0");
        assert!(matches!(with(Action::Read, None), Decision::Unauthorized(_)));
        assert_eq!(with(Action::Public, None), Decision::Allow);
        assert_eq!(with(Action::Admin, admin), Decision::Allow);
        assert_eq!(with(Action::Admin, admin), Decision::Allow);
        assert_eq!(with(Action::Read, Some("Bearer tok")), Decision::Allow);
        assert!(matches!(with(Action::Ingest, Some("Bearer tok")), Decision::Forbidden(_)));
        let Decision::Unauthorized(why) = with(Action::Ingest, None) else { panic!("401") };
        assert!(why.contains("open_ingest"));
        let near = RequestFacts { peer: "10.1.1.1".parse().expect("an address"), ..facts(Action::Ingest) };
        assert_eq!(guard.decide(&near), Decision::Allow);
        let page = RequestFacts { host: Some("evil:3000"), origin: Some("http://evil:3000"), ..near };
        assert!(matches!(guard.decide(&page), Decision::Unauthorized(_)));
        assert!(matches!(
            guard.decide(&RequestFacts { action: Action::Read, ..near }),
            Decision::Unauthorized(_)
        ));
    }

    #[test]
    fn guessing_is_slowed_down_and_who_knows_gets_in() {
        let guard = guarded();
        let with = |authorization, now_ms| {
            decided(
                &guard,
                &RequestFacts { authorization: Some(authorization), now_ms, ..facts(Action::Read) },
            )
        };
        let (right, guess) = ("Basic YWRtaW46c2VjcmV0", "Basic YWRtaW46d3Jvbmc=");
        assert_eq!(with(right, 0), Decision::Allow);
        for _ in 0..10 {
            assert!(matches!(with(guess, 0), Decision::Unauthorized(_)));
        }
        assert!(matches!(with(guess, 1), Decision::TooMany(_)));
        assert_eq!((with(right, 1), with("Bearer tok", 1)), (Decision::Allow, Decision::Allow));
        assert!(matches!(with(guess, 60_001), Decision::Unauthorized(_)));
        for _ in 0..20 {
            assert!(matches!(with("Bearer no", 60_002), Decision::Unauthorized(_)));
        }
    }
}
