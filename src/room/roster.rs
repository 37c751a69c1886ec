//! Who is in a room: members by number, and whose name is whose.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use crate::names::{self, Name, NameKey};
use crate::protocol::{Member, MemberId, Seq};

/// A member as the room keeps it.
#[derive(Clone, Debug)]
pub struct Person {
    id: MemberId,
    name: Option<Name>,
    /// The last name that a guest wrote on a message, until somebody claims it. Boxed: few have one.
    signed: Option<Box<Signature>>,
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
    /// By their numbers, which rise with each who comes.
    people: Vec<Person>,
    /// Who has claimed which name, by a hash of its key: std's with random keys, for people choose the names. No two meet in
    /// its 64 bits unless somebody knows the random keys.
    claims: HashMap<u64, MemberId>,
    /// How many guests go by a name.
    signed: usize,
    last_id: u32,
}

impl Roster {
    /// How many are here.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// How many have claimed a name.
    pub fn named(&self) -> usize {
        self.claims.len()
    }

    /// Somebody by number.
    pub fn get(&self, id: MemberId) -> Option<&Person> {
        self.find(id).map(|index| &self.people[index])
    }

    /// Everybody after a number, in the order of joining.
    pub fn after(&self, id: MemberId) -> impl Iterator<Item = &Person> {
        self.people[self.people.partition_point(|person| person.id <= id)..].iter()
    }

    /// Everybody, in the order of joining.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.people.iter()
    }

    /// Who has claimed this name or one that looks like it.
    pub fn holder(&self, name: &Name) -> Option<MemberId> {
        self.holder_of(&name.key())
    }

    /// Who has claimed a name with this key.
    pub fn holder_of(&self, key: &NameKey) -> Option<MemberId> {
        self.claims.get(&self.hash(key)).copied()
    }

    /// Whether somebody has claimed a name with this key.
    pub fn holds(&self, key: &NameKey) -> bool {
        self.holder_of(key).is_some()
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
            let hash = self.hash(&key);
            self.claims.insert(hash, member.id);
        }
        let person = Person { id: member.id, name: member.name, signed: None, joined_at };
        // At the end, but for a room that is restored.
        let index = self.people.partition_point(|other| other.id < person.id);
        if self.people.len() == self.people.capacity() {
            // In smaller steps than a Vec's own: there are thousands of rooms.
            self.people.reserve_exact((self.people.len() / 4).max(4));
        }
        self.people.insert(index, person);
    }

    pub(super) fn remove(&mut self, id: MemberId) {
        let Some(index) = self.find(id) else { return };
        let person = self.people.remove(index);
        self.signed -= usize::from(person.signed.is_some());
        if let Some(name) = &person.name {
            self.claims.remove(&self.hash(&name.key()));
        }
        if self.people.is_empty() {
            self.people = Vec::new();
            self.claims = HashMap::default();
        } else if self.people.capacity() > 64 && self.people.len() < self.people.capacity() / 8 {
            self.people.shrink_to(self.people.len() * 2);
            self.claims.shrink_to(self.people.len() * 2);
        }
    }

    pub(super) fn sign(&mut self, id: MemberId, name: &Arc<str>) {
        let Some(index) = self.find(id) else { return };
        let person = &mut self.people[index];
        if name.is_empty() || person.signed.as_ref().is_some_and(|signed| signed.name == *name) {
            return;
        }
        self.signed += usize::from(person.signed.is_none());
        person.signed = Some(Box::new(Signature { name: name.clone(), key: names::key_of(name) }));
    }

    fn find(&self, id: MemberId) -> Option<usize> {
        self.people.binary_search_by_key(&id, |person| person.id).ok()
    }

    fn hash(&self, key: &NameKey) -> u64 {
        self.claims.hasher().hash_one(key)
    }

    /// Somebody claims a name: no guest goes by it any more.
    fn unsign(&mut self, key: &NameKey) {
        if self.signed == 0 {
            return;
        }
        for person in &mut self.people {
            if person.signed.take_if(|signed| signed.key == *key).is_some() {
                self.signed -= 1;
            }
        }
    }
}
