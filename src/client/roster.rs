//! Who is in a room, as far as one was told. A large room's list comes in pages, while people come and go.

use super::event::Person;

/// Who is in a room.
#[derive(Debug, Default)]
pub struct Roster {
    /// By number.
    people: Vec<Person>,
    count: u32,
    /// Everybody up to this number is known; nothing once that holds for all.
    listed_to: Option<u32>,
}

impl Roster {
    /// With the list that comes with `joined` and `reset`.
    pub(super) fn of(members: Vec<Person>, count: u32) -> Self {
        let mut people = members;
        people.sort_by_key(|person| person.id);
        people.dedup_by_key(|person| person.id);
        let listed = people.len() as u32;
        let listed_to = (listed < count).then(|| people.last().map_or(0, |person| person.id));
        Self { people, count: if listed_to.is_some() { count } else { listed }, listed_to }
    }

    /// By member number: everybody, or those of a large room who were listed so far.
    pub fn people(&self) -> impl Iterator<Item = &Person> + Clone {
        self.people.iter()
    }

    /// One of those who are known.
    pub fn person(&self, id: u32) -> Option<&Person> {
        self.find(id).ok().map(|at| &self.people[at])
    }

    fn find(&self, id: u32) -> Result<usize, usize> {
        self.people.binary_search_by_key(&id, |person| person.id)
    }

    /// How many are in the room.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many are known by name.
    pub fn known(&self) -> usize {
        self.people.len()
    }

    /// After which member number to ask for more, if there are more.
    pub fn listed_to(&self) -> Option<u32> {
        self.listed_to
    }

    /// One more page. Whoever is known already stays: the log has the last word on them.
    pub(super) fn lists(&mut self, members: Vec<Person>, count: u32, more: bool) {
        let Some(before) = self.listed_to else { return };
        let last = members.iter().map(|person| person.id).fold(before, u32::max);
        for person in members {
            if let Err(at) = self.find(person.id) {
                self.people.insert(at, person);
            }
        }
        let known = self.people.len() as u32;
        (self.count, self.listed_to) = if more { (count.max(known), Some(last)) } else { (known, None) };
    }

    pub(super) fn enters(&mut self, person: Person) {
        let found = self.find(person.id);
        let is_new = found.is_err();
        match found {
            Ok(at) => self.people[at] = person,
            Err(at) => self.people.insert(at, person),
        }
        let known = self.people.len() as u32;
        self.count = if self.listed_to.is_none() { known } else { self.count.saturating_add(u32::from(is_new)) };
    }

    pub(super) fn goes(&mut self, id: u32) {
        let found = self.find(id);
        let was_known = found.is_ok();
        if let Ok(at) = found {
            self.people.remove(at);
        }
        let known = self.people.len() as u32;
        match self.listed_to {
            None => self.count = known,
            // Somebody within the listed part whom it does not hold was gone already when it was written.
            Some(listed) if !was_known && id <= listed => {}
            Some(_) => self.count = self.count.saturating_sub(1).max(known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: u32) -> Person {
        Person { id, name: format!("P{id}"), guest: false }
    }

    #[test]
    fn a_large_room_is_listed_page_by_page_while_people_come_and_go() {
        let mut roster = Roster::of(vec![person(1), person(2)], 5);
        assert_eq!((roster.count(), roster.known(), roster.listed_to()), (5, 2, Some(2)));
        roster.enters(person(9));
        roster.goes(4);
        roster.goes(2);
        assert_eq!((roster.count(), roster.listed_to()), (4, Some(2)));
        roster.lists(vec![person(3)], 4, true);
        assert_eq!((roster.count(), roster.listed_to()), (4, Some(3)));
        roster.lists(vec![person(5), person(9)], 4, false);
        let known: Vec<u32> = roster.people().map(|person| person.id).collect();
        assert_eq!((known, roster.count(), roster.listed_to()), (vec![1, 3, 5, 9], 4, None));
        roster.goes(1);
        roster.goes(1);
        assert_eq!(roster.count(), 3);
    }
}
