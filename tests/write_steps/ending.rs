//! The process ends at some step of a write: what was acknowledged is there, in order, in the same life of the room.

use std::env;
use std::process::{Command, Stdio};

use charsu::protocol::{MemberId, Seq};
use charsu::room::{Draft, Epoch};
use charsu::store::sqlite::failpoints::{self, Step};

use crate::disk::{Folder, Live};

/// Names the folder of a child that is to end, and the step at which.
const CHILD: &str = "CHARSU_TEST_ENDING";

const STEPS: [&str; 4] = ["before_insert", "before_commit", "after_commit", "after_ack"];

#[test]
fn what_was_acknowledged_is_there_whenever_the_process_ends() {
    if let Ok(child) = env::var(CHILD) {
        let (step, folder) = child.split_once(':').expect("a step and a folder");
        // The parent's, who looks after it.
        end(&Folder(folder.into()), step.parse().expect("a step"));
    }
    for step in STEPS {
        let folder = Folder::new();
        let child = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", "ending::what_was_acknowledged_is_there_whenever_the_process_ends", "--nocapture"])
            .env(CHILD, format!("{step}:{}", folder.path().display()))
            .stderr(Stdio::null())
            .output()
            .expect("a child");
        assert!(!child.status.success(), "it should have ended at {step}");
        let said = String::from_utf8_lossy(&child.stdout);
        let acknowledged = said.lines().filter_map(|line| line.strip_prefix("kept ")?.parse::<Seq>().ok()).max();
        let acknowledged = acknowledged.unwrap_or(0);
        assert!(acknowledged > 10, "{step}: {acknowledged}");

        let mut disk = folder.open();
        let room = disk.kept.rooms[0].clone();
        let kept = disk.load(room.key).kept;
        assert!(kept.head >= acknowledged, "{step}: {} of {acknowledged}", kept.head);
        assert!(kept.tail.iter().map(|event| event.seq).eq(1..=kept.head), "{step}: a hole");
        assert_eq!(kept.epoch, Epoch(7));
        let mut again = Live::new(&disk, "another");
        again.join(&mut disk, "Ali");
    }
}

/// Says what is kept until the process ends.
fn end(folder: &Folder, step: Step) -> ! {
    let mut disk = folder.open();
    let mut room = Live::new(&disk, "general");
    room.join(&mut disk, "Ali");
    failpoints::arm(step, 20);
    loop {
        for _ in 0..3 {
            room.queue(&disk, Draft::Message { from: MemberId(1), signed: None, text: "hello".into() });
        }
        for outcome in disk.outcomes(3) {
            outcome.result.expect("kept");
            println!("kept {}", outcome.event.seq);
            failpoints::pass(Step::AfterAck);
        }
    }
}
