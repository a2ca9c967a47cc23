//! The messages of the protocol in a stream of bytes: a letter, the length of the rest with itself,
//! the rest. See
//! [Message Formats](https://www.postgresql.org/docs/current/protocol-message-formats.html).

/// Follows the messages of one direction, however the bytes are cut.
#[derive(Default)]
pub(super) struct Messages {
    header: Vec<u8>,
    /// How much of a message is still to come.
    left: usize,
}

impl Messages {
    const HEADER: usize = 5;

    /// Whether a message has just ended.
    pub(super) fn is_between(&self) -> bool {
        self.header.is_empty() && self.left == 0
    }

    /// Follows these bytes; reports the letter of each message that ends in them.
    pub(super) fn follow(&mut self, mut bytes: &[u8], mut ended: impl FnMut(u8)) {
        while !bytes.is_empty() {
            if self.header.len() < Self::HEADER {
                let taken = (Self::HEADER - self.header.len()).min(bytes.len());
                self.header.extend_from_slice(&bytes[..taken]);
                bytes = &bytes[taken..];
                if let [_, a, b, c, d] = *self.header.as_slice() {
                    let length = u32::from_be_bytes([a, b, c, d]);
                    self.left = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(4);
                }
            }
            let body = self.left.min(bytes.len());
            self.left -= body;
            bytes = &bytes[body..];
            if self.header.len() == Self::HEADER && self.left == 0 {
                ended(self.header[0]);
                self.header.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_message_is_known_however_the_bytes_come() {
        let bytes = b"Q\0\0\0\x0dSELECT 1\0H\0\0\0\x04X\0\0\0\x04";
        for size in 1..=bytes.len() {
            let mut messages = Messages::default();
            let (mut seen, mut letters) = (0, Vec::new());
            for piece in bytes.chunks(size) {
                messages.follow(piece, |letter| letters.push(letter));
                seen += piece.len();
                assert_eq!(messages.is_between(), [14, 19, 24].contains(&seen), "{seen}");
            }
            assert_eq!(letters, b"QHX");
        }
    }
}
