//! Who watches what on this server: an audience for each tenant of which anything is watched.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::task::TaskTracker;

use super::audience::{Audience, Subject, Watchers};

/// Who watches what on this server. Copies are the same hub.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    audiences: Mutex<Audiences>,
    pollers: TaskTracker,
}

#[derive(Debug, Default)]
struct Audiences {
    by_tenant: HashMap<i64, Arc<Audience>>,
    closed: bool,
}

/// A watcher's place in its tenant's audience; given up when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Hub,
    tenant_id: i64,
    subject: Subject,
    /// The audience.
    pub audience: Arc<Audience>,
    /// Was nobody there before, so that nobody asks the database yet?
    pub is_first: bool,
}

impl Hub {
    /// Takes a seat in a tenant's audience; `watch` notes what is watched. `None` when the server is
    /// ending.
    pub(super) fn join<V>(
        &self,
        tenant_id: i64,
        subject: Subject,
        watch: impl FnOnce(&mut Watchers) -> V,
    ) -> Option<(V, Seat)> {
        let mut audiences = self.audiences();
        if audiences.closed {
            return None;
        }
        let is_first = !audiences.by_tenant.contains_key(&tenant_id);
        let audience = Arc::clone(audiences.by_tenant.entry(tenant_id).or_default());
        let view = watch(&mut audience.watchers());
        audience.arrived.notify_one();
        Some((view, Seat { hub: self.clone(), tenant_id, subject, audience, is_first }))
    }

    /// Runs the task that serves an audience, until nobody watches any more. However it ends, nobody
    /// is left waiting for it.
    pub(super) fn serve(&self, seat: &Seat, task: impl Future<Output = ()> + Send + 'static) {
        let (hub, tenant_id) = (self.clone(), seat.tenant_id);
        let served = Served { hub, tenant_id, audience: Arc::clone(&seat.audience) };
        self.0.pollers.spawn(async move { served.audience.over.run_until_cancelled(task).await });
    }

    /// Ends everything that is watched, and waits until nothing asks the database any more. Nobody
    /// can watch from now on.
    pub async fn close(&self) {
        self.audiences().closed = true;
        let open: Vec<_> = self.audiences().by_tenant.values().cloned().collect();
        open.iter().for_each(|audience| audience.over.cancel());
        self.0.pollers.close();
        self.0.pollers.wait().await;
    }

    /// How many tenants are watched.
    #[cfg(test)]
    pub(super) fn watched_tenants(&self) -> usize {
        self.audiences().by_tenant.len()
    }

    /// How many tasks ask the database.
    #[cfg(test)]
    pub(super) fn tasks(&self) -> usize {
        self.0.pollers.len()
    }

    fn audiences(&self) -> MutexGuard<'_, Audiences> {
        self.0.audiences.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Audiences {
    /// Forgets an audience, unless the tenant has another by now.
    fn forget(&mut self, tenant_id: i64, audience: &Arc<Audience>) {
        if self.by_tenant.get(&tenant_id).is_some_and(|known| Arc::ptr_eq(known, audience)) {
            self.by_tenant.remove(&tenant_id);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut audiences = self.hub.audiences();
        let mut watchers = self.audience.watchers();
        watchers.leave(&self.subject);
        if watchers.is_empty() {
            audiences.forget(self.tenant_id, &self.audience);
            self.audience.over.cancel();
        }
    }
}

/// An audience that is served; sent away when nobody serves it any more.
struct Served {
    hub: Hub,
    tenant_id: i64,
    audience: Arc<Audience>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.hub.audiences().forget(self.tenant_id, &self.audience);
        self.audience.watchers().clear();
    }
}
