//! Being asked to end: Ctrl-C where that is a signal, and what systems send.

/// The signals.
pub(super) struct Stop {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Stop {
    /// From now on these signals do not end the process by themselves.
    pub(super) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        // One that cannot be listened to ends the process as it always did.
        Self { signals: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    /// Over when one came.
    pub(super) async fn asked(&mut self) {
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
        Self {}
    }

    pub(super) async fn asked(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
