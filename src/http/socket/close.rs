//! How a socket is closed: a code for programs, a reason for people.

/// The longest reason: a control frame holds 125 bytes, of which the code takes two (RFC 6455, 5.5).
const LONGEST_REASON: usize = 123;

/// A close frame: the code, and a reason of at most 123 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The code: of RFC 6455 or its registry below 4000, of the protocol from there on.
    pub code: u16,
    /// The reason, cut to what a close frame holds.
    pub reason: String,
}

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason: String = reason.into();
        reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
        Self { code, reason }
    }

    /// The server is told to end: connect again, to another.
    pub fn going_away() -> Self {
        Self::new(1001, "Going away")
    }

    /// The peer does not keep to RFC 6455.
    pub fn protocol_error() -> Self {
        Self::new(1002, "Protocol error")
    }

    /// A text message is no UTF-8.
    pub fn no_text() -> Self {
        Self::new(1007, "A message is no UTF-8")
    }

    /// A message is larger than so many bytes.
    pub fn too_large(most: usize) -> Self {
        Self::new(1009, format!("A message is larger than {most} bytes"))
    }

    /// A message holds more than so many JSON values, each of which takes far more memory than its text.
    pub fn too_many_values(most: usize) -> Self {
        Self::new(1009, format!("A message holds more than {most} JSON values"))
    }

    /// The server cannot tell now who opens the socket, and whoever it is may try again.
    pub fn try_again_later() -> Self {
        Self::new(1013, "Try again later")
    }

    /// A message is not of the protocol; `why` says what is wrong with it.
    pub fn invalid_message(why: &str) -> Self {
        Self::new(4400, format!("Invalid message: {why}"))
    }

    /// An operation was asked for before the connection was acknowledged.
    pub fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    /// No credential, or one that does not hold or holds no more; `why` says what to do.
    pub fn forbidden(why: &str) -> Self {
        Self::new(4403, format!("Forbidden: {why}"))
    }

    /// The client speaks none of our protocols.
    pub fn subprotocol_not_acceptable() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    /// The first message did not come.
    pub fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    /// The peer answers no pings. The code tells clients that they may connect again.
    pub fn silent() -> Self {
        Self::new(4408, "Request timeout: no ping was answered")
    }

    /// An operation with this id is open already.
    pub fn already_exists(id: &str) -> Self {
        const AROUND: usize = "Subscriber for  already exists".len();
        let shown = &id[..id.floor_char_boundary(LONGEST_REASON - AROUND)];
        Self::new(4409, format!("Subscriber for {shown} already exists"))
    }

    /// A second `connection_init`.
    pub fn too_many_inits() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    /// The server broke; its log knows more.
    pub fn internal() -> Self {
        Self::new(4500, "Internal server error")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        for length in 0..200 {
            let long = "é".repeat(length);
            for close in [
                Close::invalid_message(&long),
                Close::forbidden(&long),
                Close::already_exists(&long),
            ] {
                assert!(close.reason.len() <= 123, "{close:?}");
            }
        }
        assert_eq!(Close::already_exists("1").reason, "Subscriber for 1 already exists");
        let long = Close::already_exists(&"é".repeat(100)).reason;
        assert!(long.ends_with("é already exists") && long.len() >= 122, "{long}");
    }
}
