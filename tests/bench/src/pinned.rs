//! Keeps this process and what it starts on one processor, where the system can: whether an answer comes from the same
//! processor or from another one makes a greater difference than anything that is measured.

/// As long as it lives, all threads stay on one processor.
pub struct Pinned(#[cfg(target_os = "linux")] Vec<(libc::pid_t, libc::cpu_set_t)>);

#[cfg(not(target_os = "linux"))]
impl Pinned {
    pub fn now() -> Self {
        Self()
    }
}

#[cfg(target_os = "linux")]
impl Pinned {
    pub fn now() -> Self {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let threads = tasks.filter_map(|task| task.file_name().to_str()?.parse().ok());
        Self(threads.filter_map(pin).collect())
    }
}

/// Keeps a thread on the last processor that it may use, and gives what it might use before.
#[cfg(target_os = "linux")]
fn pin(thread: libc::pid_t) -> Option<(libc::pid_t, libc::cpu_set_t)> {
    // SAFETY: the sets are plain data of the size that is told, and live through the calls.
    unsafe {
        let mut before: libc::cpu_set_t = std::mem::zeroed();
        let size = size_of::<libc::cpu_set_t>();
        if libc::sched_getaffinity(thread, size, &raw mut before) != 0 {
            return None;
        }
        let last = (0..size * 8).rev().find(|cpu| libc::CPU_ISSET(*cpu, &before))?;
        let mut one: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(last, &mut one);
        (libc::sched_setaffinity(thread, size, &raw const one) == 0).then_some((thread, before))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Pinned {
    fn drop(&mut self) {
        for (thread, before) in &self.0 {
            // SAFETY: as above. A thread that has ended needs nothing.
            _ = unsafe { libc::sched_setaffinity(*thread, size_of::<libc::cpu_set_t>(), before) };
        }
    }
}
