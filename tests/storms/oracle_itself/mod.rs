//! Who watches the oracle: it finds nothing wrong with histories as they ought to be, and finds whatever is then made wrong
//! with them. More histories: `PROPTEST_CASES=10000`.
//!
//! `CHARSU_LOGS=DIR cargo test --test storms oracle_itself:: -- --ignored` judges the logs of a run that were kept.

mod damage;
mod damage_by_wire;
mod history;

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::oracle::{Log, Terms, Wire, Wrong, judge};

/// As long as an evening needs in order to hold every kind of thing.
const STEPS: usize = 120;

fn cases(few: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { few };
    ProptestConfig { cases, failure_persistence: None, max_global_rejects: 100_000, ..config }
}

fn histories() -> impl Strategy<Value = Vec<Log>> {
    prop::collection::vec(history::step(), STEPS).prop_map(history::play)
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn a_history_as_it_ought_to_be_has_no_fault(logs in histories()) {
        let verdict = judge(&logs, Terms::default());
        prop_assert_eq!(verdict.faults, vec![]);
    }
}

fn histories_on_every_wire() -> impl Strategy<Value = Vec<Log>> {
    prop::collection::vec(history::step_on_every_wire(), 2 * STEPS).prop_map(history::play_on_every_wire)
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn a_history_on_every_wire_as_it_ought_to_be_has_no_fault(logs in histories_on_every_wire()) {
        let verdict = judge(&logs, Terms::default());
        prop_assert_eq!(verdict.faults, vec![]);
    }
}

/// Damages what those of one wire wrote down, in many histories.
fn always_finds_by(wire: Wire, damage: fn(&mut [Log], Wire, Index) -> bool, wrong: &[Wrong]) {
    proptest!(cases(8), |(logs in histories_on_every_wire(), pick in any::<Index>())| {
        let mut logs = logs;
        prop_assume!(damage(&mut logs, wire, pick));
        let verdict = judge(&logs, Terms::default());
        prop_assert!(wrong.iter().any(|wrong| verdict.finds(*wrong)), "found {:?}", verdict.faults);
    });
}

/// A scene for each way of damage and each wire on which it can be done.
macro_rules! finds_by_wire {
    ($($scene:ident: $damage:ident by [$($wire:ident),+] => [$($wrong:ident),+];)+) => { $(
        #[test]
        fn $scene() {
            for wire in [$(Wire::$wire),+] {
                always_finds_by(wire, damage_by_wire::$damage, &[$(Wrong::$wrong),+]);
            }
        }
    )+ };
}

finds_by_wire! {
    a_line_that_one_on_each_wire_missed: miss_one by [Events, SocketIo, Page] => [Gap];
    a_line_that_came_twice_on_each_wire: double_one by [Events, SocketIo, Page] => [Again];
    two_lines_in_the_other_order_on_each_wire: swap_two by [Events, SocketIo, Page] => [Again, Disordered];
    a_line_with_other_words_on_each_wire: alter_one by [Events, SocketIo, Page] => [Differs, Forged];
    a_line_of_each_wire_that_was_acknowledged_and_lost: lose_one by [Events, SocketIo, Page] => [Lost];
    a_line_of_each_wire_that_was_kept_twice: keep_one_twice by [Events, SocketIo, Page] => [Twice];
    an_end_that_came_too_early_on_each_wire: stop_short by [Events, SocketIo, Page] => [Short];
    a_private_line_read_by_somebody_who_sees_no_numbers: leak_one by [SocketIo, Page] => [Leaked];
    a_line_of_socketio_with_another_number: renumber_one by [SocketIo] => [Differs];
    an_echo_of_socketio_before_its_acknowledgement: echo_first by [SocketIo] => [EchoFirst];
    a_tutorial_page_that_sends_a_line_again: send_one_again by [Page] => [Client];
    somebody_who_stayed_away_and_sees_no_numbers: stay_away by [SocketIo, Page] => [Gone];
}

/// Damages many histories in one way, and expects one of these faults to be found in each.
fn always_finds(damage: fn(&mut [Log], Index) -> bool, wrong: &[Wrong]) {
    proptest!(cases(24), |(logs in histories(), pick in any::<Index>())| {
        let mut logs = logs;
        prop_assume!(damage(&mut logs, pick));
        let verdict = judge(&logs, Terms::default());
        prop_assert!(wrong.iter().any(|wrong| verdict.finds(*wrong)), "found {:?}", verdict.faults);
        prop_assert!(verdict.faults.iter().all(|fault| fault.line <= logs.iter().map(|log| log.entries.len()).max().unwrap_or(0)));
    });
}

/// A scene for each way of damage.
macro_rules! finds {
    ($($scene:ident: $damage:ident => [$($wrong:ident),+];)+) => { $(
        #[test]
        fn $scene() {
            always_finds(damage::$damage, &[$(Wrong::$wrong),+]);
        }
    )+ };
}

finds! {
    a_line_that_one_client_missed: drop_one => [Gap, Misplaced];
    a_line_that_came_twice: double_one => [Again];
    two_lines_in_the_other_order: swap_two => [Again];
    a_line_with_other_words: alter_one => [Differs, Forged];
    a_line_with_another_number: renumber_one => [Gap];
    a_line_that_nobody_said: forge_one => [Forged];
    an_acknowledged_line_that_nobody_got: lose_one_everywhere => [Lost];
    an_acknowledged_line_that_is_gone_without_a_hole: erase_one_everywhere => [Lost, Acknowledged, Short];
    a_line_that_everybody_got_twice: say_one_twice => [Twice];
    two_lines_of_one_sender_that_changed_places: change_places => [Disordered];
    a_refused_line_that_was_heard: hear_a_refused_one => [RefusedHeard];
    a_private_line_read_by_another: leak_one => [Leaked];
    a_private_line_kept_from_its_reader: skip_one => [Lost];
    an_end_that_came_too_early: stop_short => [Short];
    an_acknowledgement_of_another_number: move_an_acknowledgement => [Acknowledged, Lost];
    a_jump_that_was_called_a_resume: hide_a_reset => [Misplaced];
    somebody_who_stayed_away: stay_away => [Gone];
    an_echo_before_its_acknowledgement: echo_first => [EchoFirst];
    a_leave_that_was_told_twice: leave_twice => [Roster];
    a_line_on_a_connection_given_up: stray_one => [Stray];
    a_resend_in_a_session_that_is_not_its_own: resend_as_another => [Client];
}

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    let mut logs = history::small();
    let whole = judge(&logs, Terms::default());
    assert_eq!(whole.faults, vec![]);
    // Ali's log: opened, joined, sent, acknowledged, then two lines.
    let last = logs[0].entries.len() - 1;
    logs[0].entries.swap(last, last - 1);
    logs[1].entries.pop();
    let faults: Vec<String> = judge(&logs, Terms::default()).faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "Gap: Ali, line 6: sea at e0, number 4, the line \"Sara 1\" (1 of Sara), by member 2, comes after 2",
            "Again: Ali, line 7: sea at e0, number 3, the line \"Ali 1\" (1 of Ali), by member 1, comes after 4",
            "Short: Sara, line 5: stands at sea at e0, number 3 in the end; the line \"Sara 1\" (1 of Sara), by member 0 \
             was acknowledged as sea at e0, number 4",
        ]
    );
}

#[test]
fn a_room_that_had_to_live_on_may_not_begin_anew() {
    let logs = history::restarted();
    assert_eq!(judge(&logs, Terms::default()).faults, vec![]);
    assert!(judge(&logs, Terms { rooms_live_on: true }).finds(Wrong::NewLife));
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn logs_that_are_kept_can_be_read_again(logs in histories()) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept-logs");
        Log::keep_all(&logs, &folder).expect("they can be written");
        let by_name = |one: &Log, other: &Log| one.client.cmp(&other.client);
        let mut logs = logs;
        logs.sort_by(by_name);
        prop_assert_eq!(Log::read_all(&folder).expect("they can be read"), logs);
    }
}

#[test]
#[ignore = "judges the logs in CHARSU_LOGS, which a run that failed has kept"]
fn kept_logs_are_judged_again() {
    let folder = std::env::var_os("CHARSU_LOGS").expect("CHARSU_LOGS names a folder");
    let logs = Log::read_all(Path::new(&folder)).expect("it can be read");
    let verdict = judge(&logs, Terms::default());
    println!("{}", verdict.tally);
    for fault in &verdict.faults {
        println!("{fault}");
    }
    assert!(verdict.faults.is_empty(), "{} faults", verdict.faults.len());
}
