//! Being asked to end: Ctrl-C where that is a signal, and what systems send.

/// The signals.
pub(super) struct Stop {
    was_asked: bool,
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

impl Stop {
    /// Over once one came, and from then on at once.
    pub(super) async fn asked(&mut self) {
        if !self.was_asked {
            self.comes().await;
            self.was_asked = true;
        }
    }
}

#[cfg(unix)]
impl Stop {
    /// From now on these signals do not end the process by themselves.
    pub(super) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        // One that cannot be listened to ends the process as it always did.
        Self { was_asked: false, signals: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    async fn comes(&mut self) {
        let came = |cx: &mut std::task::Context<'_>| {
            let mut signals = self.signals.iter_mut();
            if signals.any(|signal| signal.poll_recv(cx).is_ready()) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        };
        std::future::poll_fn(came).await;
    }
}

#[cfg(not(unix))]
impl Stop {
    pub(super) fn listen() -> Self {
        Self { was_asked: false }
    }

    async fn comes(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
