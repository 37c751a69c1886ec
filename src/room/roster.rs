//! Who is in a room: members by number, and whose name is whose.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::names::{self, Name, NameKey};
use crate::protocol::{Member, MemberId, Seq};

/// A member as the room keeps it.
#[derive(Clone, Debug)]
pub struct Person {
    id: MemberId,
    name: Option<Name>,
    /// The last name that a guest wrote on a message, until somebody claims it.
    signed: Option<Signature>,
    joined_at: Seq,
}

/// A name that a guest goes by without having claimed it.
#[derive(Clone, Debug)]
struct Signature {
    name: Arc<str>,
    key: NameKey,
}

impl Person {
    /// The number.
    pub fn id(&self) -> MemberId {
        self.id
    }

    /// The claimed name, if it has one.
    pub fn claimed(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// The name to show: the claimed one, else what a guest last wrote, else nothing.
    pub fn shown_name(&self) -> Arc<str> {
        match (&self.name, &self.signed) {
            (Some(name), _) => name.shared(),
            (None, Some(signed)) => signed.name.clone(),
            (None, None) => "".into(),
        }
    }

    /// As everybody may know it.
    pub fn member(&self) -> Member {
        Member { id: self.id, name: self.name.clone() }
    }

    /// The number of its own join: the past before that was not its time.
    pub fn joined_at(&self) -> Seq {
        self.joined_at
    }
}

/// The members of a room.
#[derive(Debug, Default)]
pub struct Roster {
    by_id: BTreeMap<MemberId, Person>,
    /// Claimed names only. std's hasher with random keys: people choose what goes in here.
    by_key: HashMap<NameKey, MemberId>,
    /// How many guests go by a name.
    signed: usize,
    last_id: u32,
}

impl Roster {
    /// How many are here.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Somebody by number.
    pub fn get(&self, id: MemberId) -> Option<&Person> {
        self.by_id.get(&id)
    }

    /// Everybody after a number, in the order of joining.
    pub fn after(&self, id: MemberId) -> impl Iterator<Item = &Person> {
        use std::ops::Bound;
        self.by_id.range((Bound::Excluded(id), Bound::Unbounded)).map(|(_, person)| person)
    }

    /// Everybody, in the order of joining.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.by_id.values()
    }

    /// Who has claimed this name or one that looks like it.
    pub fn holder(&self, name: &Name) -> Option<MemberId> {
        self.holder_of(&name.key())
    }

    /// Who has claimed a name with this key.
    pub fn holder_of(&self, key: &NameKey) -> Option<MemberId> {
        self.by_key.get(key).copied()
    }

    /// Whether somebody has claimed a name with this key.
    pub fn holds(&self, key: &NameKey) -> bool {
        self.by_key.contains_key(key)
    }

    /// The highest number that a member was ever given; 0 before the first.
    pub(super) fn last_id(&self) -> u32 {
        self.last_id
    }

    /// Numbers up to this one were given before.
    pub(super) fn go_on_after(&mut self, last_id: u32) {
        self.last_id = self.last_id.max(last_id);
    }

    pub(super) fn enter(&mut self, member: Member, joined_at: Seq) {
        self.last_id = self.last_id.max(member.id.0);
        if let Some(name) = &member.name {
            let key = name.key();
            self.unsign(&key);
            self.by_key.insert(key, member.id);
        }
        let person = Person { id: member.id, name: member.name, signed: None, joined_at };
        self.by_id.insert(person.id, person);
    }

    pub(super) fn remove(&mut self, id: MemberId) {
        let Some(person) = self.by_id.remove(&id) else { return };
        self.signed -= usize::from(person.signed.is_some());
        if let Some(name) = &person.name {
            self.by_key.remove(&name.key());
        }
        if self.by_key.capacity() > 64 && self.by_key.len() < self.by_key.capacity() / 8 {
            self.by_key.shrink_to(self.by_key.len() * 2);
        } else if self.by_key.is_empty() {
            self.by_key = HashMap::new();
        }
    }

    pub(super) fn sign(&mut self, id: MemberId, name: &Arc<str>) {
        let Some(person) = self.by_id.get_mut(&id) else { return };
        if name.is_empty() || person.signed.as_ref().is_some_and(|signed| signed.name == *name) {
            return;
        }
        self.signed += usize::from(person.signed.is_none());
        person.signed = Some(Signature { name: name.clone(), key: names::key_of(name) });
    }

    /// Somebody claims a name: no guest goes by it any more.
    fn unsign(&mut self, key: &NameKey) {
        if self.signed == 0 {
            return;
        }
        for person in self.by_id.values_mut() {
            if person.signed.take_if(|signed| signed.key == *key).is_some() {
                self.signed -= 1;
            }
        }
    }
}
