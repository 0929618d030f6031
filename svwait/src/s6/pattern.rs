//! Extended regular expressions (POSIX.1-2017, 9.4) over bytes: whether one matches somewhere in a text.
//!
//! What patterns over notices are made of: letters, `.`, `[…]`, `^`, `$`, `( )`, `|`, `*`, `+`, `?`, `{m,n}`.
//! There are no classes with names (`[[:alpha:]]`) and no back references, which ERE does not have either.

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern(Node);

#[derive(Debug)]
enum Node {
    /// A byte of this set.
    One(Box<[bool; 256]>),
    /// The beginning of the text.
    Start,
    /// Its end.
    End,
    /// One after the other.
    Sequence(Vec<Node>),
    /// Any of them.
    Choice(Vec<Node>),
    /// So often, at least and at most.
    Repeat(Box<Node>, usize, usize),
}

/// Repetitions in braces go no further, as RE_DUP_MAX has it.
const MOST_REPEATED: usize = 255;
/// Repetitions of repetitions go no deeper: each of them may double the time, or worse.
const MOST_NESTED: usize = 4;
/// Parentheses in parentheses go no deeper.
const DEEPEST: usize = 32;

/// What is left of the text of a pattern.
struct Reader<'a> {
    rest: &'a [u8],
    depth: usize,
}

impl Pattern {
    /// Reads a pattern; `None`: it is none.
    pub(super) fn new(text: &[u8]) -> Option<Pattern> {
        let mut reader = Reader { rest: text, depth: 0 };
        let node = reader.choice()?;
        (reader.rest.is_empty() && node.repeats() <= MOST_NESTED).then_some(Pattern(node))
    }

    /// It matches some part of `text`.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        self.0.ends(text, vec![true; text.len() + 1]).contains(&true)
    }
}

/// Places in a text, from before its first byte to behind its last.
type Places = Vec<bool>;

impl Node {
    /// How many repetitions are in one another.
    fn repeats(&self) -> usize {
        match self {
            Node::One(_) | Node::Start | Node::End => 0,
            Node::Sequence(nodes) | Node::Choice(nodes) => nodes.iter().map(Node::repeats).max().unwrap_or(0),
            Node::Repeat(node, ..) => 1 + node.repeats(),
        }
    }

    /// Every place at which a match can end that begins at one of `starts`. No backtracking: the time is bounded
    /// by the pattern and the text.
    fn ends(&self, text: &[u8], starts: Places) -> Places {
        match self {
            Node::One(set) => {
                let behind = text.iter().zip(&starts).map(|(&byte, &start)| start && set[usize::from(byte)]);
                std::iter::once(false).chain(behind).collect()
            }
            Node::Start => only(starts, 0),
            Node::End => only(starts, text.len()),
            Node::Sequence(nodes) => nodes.iter().fold(starts, |starts, node| node.ends(text, starts)),
            Node::Choice(nodes) => {
                let mut all = vec![false; starts.len()];
                for node in nodes {
                    add(&mut all, &mut node.ends(text, starts.clone()));
                }
                all
            }
            Node::Repeat(node, least, most) => repeat(node, *least, *most, text, starts),
        }
    }
}

/// One of the places, if it is one of them.
fn only(mut places: Places, which: usize) -> Places {
    for (at, place) in places.iter_mut().enumerate() {
        *place &= at == which;
    }
    places
}

/// Adds `more` to `all`, and leaves in it what was not there yet. Whether that is anything.
fn add(all: &mut Places, more: &mut Places) -> bool {
    let mut any = false;
    for (place, more) in all.iter_mut().zip(more) {
        *more &= !*place;
        *place |= *more;
        any |= *more;
    }
    any
}

fn repeat(node: &Node, least: usize, most: usize, text: &[u8], starts: Places) -> Places {
    let mut current = (0..least).fold(starts, |starts, _| node.ends(text, starts));
    let mut all = current.clone();
    for _ in least..most {
        current = node.ends(text, current);
        // Only what is new can lead to something new.
        if !add(&mut all, &mut current) {
            break;
        }
    }
    all
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn choice(&mut self) -> Option<Node> {
        let mut nodes = vec![self.sequence()?];
        while self.eat(b'|') {
            nodes.push(self.sequence()?);
        }
        Some(Node::Choice(nodes))
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while let Some(&byte) = self.rest.first() {
            if byte == b'|' || (byte == b')' && self.depth > 0) {
                break;
            }
            let atom = self.atom()?;
            nodes.push(self.repeated(atom)?);
        }
        Some(Node::Sequence(nodes))
    }

    fn atom(&mut self) -> Option<Node> {
        match self.next()? {
            b'.' => Some(Node::One(Box::new([true; 256]))),
            b'^' => Some(Node::Start),
            b'$' => Some(Node::End),
            b'[' => self.set(),
            b'\\' => self.next().map(literal),
            b'(' if self.depth < DEEPEST => {
                self.depth += 1;
                let inner = self.choice()?;
                self.depth -= 1;
                self.eat(b')').then_some(inner)
            }
            b'(' | b'*' | b'+' | b'?' | b'{' => None,
            byte => Some(literal(byte)),
        }
    }

    fn repeated(&mut self, mut node: Node) -> Option<Node> {
        loop {
            let (least, most) = match self.rest.first() {
                Some(b'*') => (0, usize::MAX),
                Some(b'+') => (1, usize::MAX),
                Some(b'?') => (0, 1),
                Some(b'{') => {
                    self.next();
                    let (least, most) = self.braces()?;
                    node = Node::Repeat(Box::new(node), least, most);
                    continue;
                }
                _ => return Some(node),
            };
            self.next();
            node = Node::Repeat(Box::new(node), least, most);
        }
    }

    /// `m}`, `m,}` or `m,n}`.
    fn braces(&mut self) -> Option<(usize, usize)> {
        let least = self.number()?;
        let most = match self.eat(b',') {
            false => least,
            true if self.rest.first() == Some(&b'}') => usize::MAX,
            true => self.number()?,
        };
        (self.eat(b'}') && least <= most).then_some((least, most))
    }

    fn number(&mut self) -> Option<usize> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.rest[..digits]).ok()?;
        self.rest = &self.rest[digits..];
        text.parse().ok().filter(|&number| number <= MOST_REPEATED)
    }

    /// What follows `[`: `abc]`, `^abc]`, `a-z]`, `]abc]`.
    fn set(&mut self) -> Option<Node> {
        let wanted = !self.eat(b'^');
        let mut set = Box::new([!wanted; 256]);
        let mut first = true;
        loop {
            let from = self.next()?;
            match (from, self.rest) {
                (b']', _) if !first => return Some(Node::One(set)),
                (b'[', [b':' | b'.' | b'=', ..]) => return None,
                (_, [b'-', to, ..]) if *to != b']' => {
                    let to = *to;
                    self.rest = &self.rest[2..];
                    if from > to {
                        return None;
                    }
                    (from..=to).for_each(|byte| set[usize::from(byte)] = wanted);
                }
                _ => set[usize::from(from)] = wanted,
            }
            first = false;
        }
    }
}

fn literal(byte: u8) -> Node {
    let mut set = Box::new([false; 256]);
    set[usize::from(byte)] = true;
    Node::One(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_of_repetitions_are_few() {
        let nested = |times: usize| Pattern::new(&[b"a", &b"+".repeat(times)[..]].concat());
        assert!(nested(4).is_some_and(|pattern| pattern.matches(b"xaaa")));
        assert!(nested(60).is_none() && Pattern::new(b"(((((a+)+)+)+)+)").is_none());
        assert!(Pattern::new(b"(u+d*){1,3}(D|O)?").is_some());
    }

    #[test]
    fn patterns_match_what_they_should() {
        for (pattern, text, expected) in [
            ("dDu", "dDuU", true),
            ("^D", "dD", false),
            ("[DuU]$", "dD", true),
            ("u.*x", "suUdDx", true),
            ("(dD|O)+x", "dDOx", true),
            ("(dD|O)+x", "x", false),
            ("a{2,3}b", "ab", false),
            ("a{2,3}b", "aaab", true),
            ("^a{2}$", "aaa", false),
            ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
            ("[^a-c]", "abc", false),
            ("[]x-]", "-", true),
            ("a|", "b", true),
            ("", "", true),
            ("x?", "", true),
            ("\\.", "a", false),
            (")", ")", true),
        ] {
            let found = Pattern::new(pattern.as_bytes()).unwrap().matches(text.as_bytes());
            assert_eq!(found, expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in
            ["(", "a(", "[", "[a", "*", "a{2", "a{3,2}", "a{999}", "[z-a]", "[[:alpha:]]", "\\", "(a))("]
        {
            assert!(Pattern::new(pattern.as_bytes()).is_none(), "{pattern}");
        }
    }
}
