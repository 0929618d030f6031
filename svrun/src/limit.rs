//! Resource limits.

use cli::{Failure, Unable};
use sys::limits::{self, RESOURCES, Resource};

use crate::numbers::plain;

/// A new limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LimitChange {
    pub(crate) resource: Resource,
    /// `None`: as it is, or as low as the hard one becomes.
    pub(crate) soft: Option<Value>,
    /// `None`: as it is.
    pub(crate) hard: Option<Value>,
    pub(crate) above: Above,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Number(u64),
    Unlimited,
    /// As much as the hard limit allows.
    Hard,
}

/// What becomes of a soft limit above the hard one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Above {
    /// It is refused.
    Refused,
    /// It is the hard one, as in other suites.
    Lowered,
}

/// Sets it.
///
/// # Errors
/// The hard limit may not be raised, or the soft one is above it.
pub(crate) fn set(change: &LimitChange) -> Result<(), Failure> {
    let name = name_of(change.resource);
    let mut limit = limits::get(change.resource);
    let before = limit.hard;
    let number = |value: Value, hard: Option<u64>| match value {
        Value::Number(number) => Some(number),
        Value::Unlimited => None,
        Value::Hard => hard,
    };
    if let Some(value) = change.hard {
        limit.hard = number(value, before);
    }
    let is_above = |soft: Option<u64>| limit.hard.is_some_and(|hard| soft.is_none_or(|soft| soft > hard));
    limit.soft = match change.soft.map(|value| number(value, limit.hard)) {
        Some(soft) if is_above(soft) && change.above == Above::Refused => {
            let hard = limit.hard.unwrap_or_default();
            let text = format!("unable to set the limit {name}: above the hard limit, {hard}");
            return Err(Failure::Refused(text.into()));
        }
        Some(soft) if is_above(soft) => limit.hard,
        Some(soft) => soft,
        None if is_above(limit.soft) => limit.hard,
        None => limit.soft,
    };
    limits::set(change.resource, limit).unable(|| format!("set the limit {name}"))
}

fn name_of(resource: Resource) -> &'static str {
    RESOURCES.iter().find(|(_, known)| *known == resource).map_or("", |(name, _)| name)
}

/// `NAME=SOFT`, `NAME=SOFT:HARD`, `NAME=:HARD`.
pub(crate) fn parse(text: &str) -> Option<LimitChange> {
    let (name, value) = text.split_once('=')?;
    let &(_, resource) = RESOURCES.iter().find(|(known, _)| *known == name)?;
    let (soft, hard) = value.split_once(':').map_or((value, None), |(soft, hard)| (soft, Some(hard)));
    let soft = if soft.is_empty() && hard.is_some() { None } else { Some(amount(soft)?) };
    let hard = hard.map(amount);
    if hard == Some(None) {
        return None;
    }
    Some(LimitChange { resource, soft, hard: hard.flatten(), above: Above::Refused })
}

/// `64`, `64k`, `64M`, `64G`, `unlimited`, `hard`.
fn amount(text: &str) -> Option<Value> {
    let shift = match text.bytes().last()? {
        b'k' | b'K' => 10,
        b'm' | b'M' => 20,
        b'g' | b'G' => 30,
        _ if text == "unlimited" || text == "infinity" => return Some(Value::Unlimited),
        _ if text == "hard" => return Some(Value::Hard),
        _ => 0,
    };
    let digits = if shift > 0 { &text[..text.len() - 1] } else { text };
    let number: u64 = Some(digits).filter(|digits| !digits.is_empty()).and_then(plain)?;
    number.checked_mul(1 << shift).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_a_name_and_one_or_two_amounts() {
        let values = |text| parse(text).map(|change| (change.soft, change.hard));
        let number = |number| Some(Value::Number(number));
        assert_eq!(values("nofile=64"), Some((number(64), None)));
        assert_eq!(values("as=2k:3M"), Some((number(2048), number(3 << 20))));
        assert_eq!(values("core=:0"), Some((None, number(0))));
        assert_eq!(values("cpu=hard:unlimited"), Some((Some(Value::Hard), Some(Value::Unlimited))));
        for text in ["nofile", "nofile=", "nofile=:", "files=1", "as=k", "as=1x", "as=-1", "as=99999999999G"]
        {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
