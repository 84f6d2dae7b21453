//! What the new process does until it executes its program. It shares the memory of the host, so that all of it is
//! system calls alone.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::RawFd;
use std::ptr::{null, null_mut};

/// Numbers of open files that are looked at, at most, where the system cannot close them all at once.
const MOST_FILES: RawFd = 65_536;

/// What the new process is told. It shares the memory, so that everything here stays valid until it is gone.
pub(super) struct Task {
    pub(super) programs: *const *const c_char,
    pub(super) argv: *const *const c_char,
    pub(super) envp: *const *const c_char,
    /// May be null.
    pub(super) cwd: *const c_char,
    pub(super) stdio: [RawFd; 3],
    pub(super) parent: c_int,
    /// Its answer, if it could not execute the program.
    pub(super) errno: c_int,
}

pub(super) extern "C" fn in_child(task: *mut c_void) -> c_int {
    let task = task.cast::<Task>();
    // SAFETY: the parent handed over a valid task and is suspended. From here on only system calls are made: nothing is
    // allocated, no lock is taken, and nothing can panic.
    unsafe {
        (*task).errno = execute(&*task);
        libc::_exit(127)
    }
}

/// Becomes the program; returns only to say why not.
///
/// # Safety
/// In the new process only. The task's pointers are valid, its lists end with null.
unsafe fn execute(task: &Task) -> c_int {
    // SAFETY: as above.
    unsafe {
        forget_handlers();
        let parent_died = libc::c_ulong::from(libc::SIGKILL.unsigned_abs());
        if libc::prctl(libc::PR_SET_PDEATHSIG, parent_died) != 0 || libc::setpgid(0, 0) != 0 {
            return errno();
        }
        // When the parent died before the line above, nobody will ever send the signal.
        if libc::getppid() != task.parent {
            return libc::ESRCH;
        }
        if !task.cwd.is_null() && libc::chdir(task.cwd) != 0 {
            return errno();
        }
        let [stdin, stdout, stderr] = task.stdio;
        if libc::dup2(stdin, 0) < 0 || libc::dup2(stdout, 1) < 0 || libc::dup2(stderr, 2) < 0 {
            return errno();
        }
        keep_to_ourselves();
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, null_mut());
        first_of(task)
    }
}

/// What the host was handed by whoever started it is no business of the program: of the open files it gets the three
/// standard streams alone.
///
/// # Safety
/// As [`execute`].
unsafe fn keep_to_ourselves() {
    const FIRST: RawFd = 3;
    // SAFETY: as above; what closes with the program is this process's own table, the host's stays as it is.
    unsafe {
        let flags = libc::CLOSE_RANGE_CLOEXEC;
        if libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, flags) == 0 {
            return;
        }
        // A kernel before 5.11: one by one, as far as there can be any.
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        let end = RawFd::try_from(limit.rlim_cur).unwrap_or(MOST_FILES).min(MOST_FILES);
        let mut file = FIRST;
        while file < end {
            libc::fcntl(file, libc::F_SETFD, libc::FD_CLOEXEC);
            file += 1;
        }
    }
}

/// Executes the first program that is there; a file that may not be executed is passed over, but told.
///
/// # Safety
/// As [`execute`].
unsafe fn first_of(task: &Task) -> c_int {
    // SAFETY: as above.
    unsafe {
        let mut told = libc::ENOENT;
        let mut program = task.programs;
        while !(*program).is_null() {
            libc::execve(*program, task.argv, task.envp);
            match errno() {
                libc::ENOENT | libc::ENOTDIR => {}
                libc::EACCES => told = libc::EACCES,
                other => return other,
            }
            program = program.add(1);
        }
        told
    }
}

/// Handlers of the host must not run in the new process; what the host ignores stays ignored, but for SIGPIPE, which the
/// Rust runtime ignores and programs count on.
///
/// # Safety
/// As [`execute`].
unsafe fn forget_handlers() {
    // SAFETY: as above.
    unsafe {
        for signal in 1..=libc::SIGRTMAX() {
            let mut action: libc::sigaction = std::mem::zeroed();
            let known = libc::sigaction(signal, null(), &raw mut action) == 0;
            if known && (action.sa_sigaction != libc::SIG_IGN || signal == libc::SIGPIPE) {
                action.sa_sigaction = libc::SIG_DFL;
                action.sa_flags = 0;
                libc::sigaction(signal, &raw const action, null_mut());
            }
        }
    }
}

fn errno() -> c_int {
    // SAFETY: the address is this thread's own; the new process has borrowed it from the thread that is suspended.
    unsafe { *libc::__errno_location() }
}
