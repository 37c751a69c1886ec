//! What every line of ours carries in its text: who said it, which of its lines it is, and when it was said. Written in
//! characters that no JSON, HTML or form changes, so that it is found in whatever frame a server makes of it.

/// Begins and ends a mark. Our own names and rooms have none.
const TILDE: u8 = b'~';
const FILLING: &[u8] = b" as long as what people say to each other usually is,";

/// Whose line it is, which, and of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The room in which it was said.
    pub room: u32,
    /// Which member of it said it.
    pub member: u32,
    /// Which of that member's lines it is, from 0.
    pub n: u32,
    /// When: microseconds of the load's own clock.
    pub micros: u64,
}

impl Mark {
    /// Writes a line's text, of so many characters at least.
    pub fn write(&self, chars: usize, into: &mut Vec<u8>) {
        let begin = into.len();
        into.push(TILDE);
        for number in [self.room, self.member, self.n] {
            digits(number.into(), into);
            into.push(b'.');
        }
        digits(self.micros, into);
        into.push(TILDE);
        let end = begin + chars;
        while into.len() < end {
            into.extend_from_slice(&FILLING[..FILLING.len().min(end - into.len())]);
        }
    }

    /// Finds the first in a frame, and where. It is looked for at `hint` first: in frames of one server it mostly stands
    /// in the same place.
    pub fn find(frame: &[u8], hint: usize) -> Option<(Self, usize)> {
        if let Some(mark) = Self::at(frame, hint) {
            return Some((mark, hint));
        }
        let mut from = 0;
        while let Some(at) = frame[from..].iter().position(|&byte| byte == TILDE) {
            if let Some(mark) = Self::at(frame, from + at) {
                return Some((mark, from + at));
            }
            from += at + 1;
        }
        None
    }

    fn at(frame: &[u8], at: usize) -> Option<Self> {
        let rest = frame.get(at..)?.strip_prefix(&[TILDE])?;
        let (room, rest) = number(rest, b'.')?;
        let (member, rest) = number(rest, b'.')?;
        let (n, rest) = number(rest, b'.')?;
        let (micros, _) = number(rest, TILDE)?;
        let [room, member, n] = [room, member, n].map(|number| u32::try_from(number).ok());
        Some(Self { room: room?, member: member?, n: n?, micros })
    }
}

/// Decimal digits up to what ends them, and what follows that.
fn number(bytes: &[u8], end: u8) -> Option<(u64, &[u8])> {
    let mut value: u64 = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == end && at > 0 {
            return Some((value, &bytes[at + 1..]));
        }
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(digit.into())?;
    }
    None
}

/// Writes a number.
pub(super) fn digits(mut number: u64, into: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    into.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again_wherever_it_stands() {
        let mark = Mark { room: 3, member: 999, n: 0, micros: 1_234_567_890_123 };
        let mut text = Vec::new();
        mark.write(120, &mut text);
        assert_eq!(text.len(), 120);
        let frame = [br#"{"a":"~","b":"~1.2","text":""#.as_slice(), &text, b"\"}"].concat();
        for hint in [0, 5, 28, 5000] {
            assert_eq!(Mark::find(&frame, hint), Some((mark, 28)));
        }
        for none in ["", "~", "~1.2.3.4", "~1.2.3~", "~1.2.3.x~", "~1..3.4~", "~5000000000.2.3.4~"] {
            assert_eq!(Mark::find(none.as_bytes(), 0), None, "{none}");
        }
    }
}
