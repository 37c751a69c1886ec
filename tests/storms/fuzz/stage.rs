//! The server that everything is thrown at, and who notices when somebody else suffers from that.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use charsu::config::Settings;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use crate::scene::{Person, Scene};

/// A server that everything is thrown at, and somebody in it who notices.
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) scene: Scene,
    witness: Mutex<Person>,
}

/// Panics of any thread or task but the tests' own.
static PANICS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_some_and(|place| place.file().starts_with("src/")) {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            usual(panic);
        }));
        let runtime = Runtime::new().expect("a runtime");
        let (scene, witness) = runtime.block_on(async {
            let scene = Scene::with(|settings: &mut Settings| {
                settings.no_limits = true;
                settings.websocket_compression = true;
                (settings.messages_per_second, settings.bad_requests_per_minute) = (u32::MAX, u32::MAX);
                (settings.connects_per_second_per_address, settings.connections_per_address) = (u32::MAX, usize::MAX);
                settings.failed_joins_per_minute_per_address = u32::MAX;
                settings.rooms_created_per_minute_per_address = u32::MAX;
            });
            let witness = scene.person_in("witness", "Witness").await;
            (scene, Mutex::new(witness))
        });
        Stage { runtime, scene, witness }
    })
}

impl Stage {
    /// Plays a case; afterwards everything is as before.
    pub(crate) fn play(&self, case: impl Future<Output = ()>) {
        self.runtime.block_on(async {
            case.await;
            let mut witness = self.witness.lock().await;
            witness.says("witness", "well").await;
            assert_eq!(witness.hears_next().await["text"], "well");
            assert_eq!(PANICS.load(Ordering::SeqCst), 0, "the server panicked");
        });
    }
}
