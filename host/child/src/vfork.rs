//! Starting a process on Linux: as cheap as `posix_spawn`, which shares all memory with the new process until that
//! executes its program, and with what `posix_spawn` cannot do: the process is to die with its parent. `fork` would copy
//! the tables of all memory first, which takes longer than everything else together.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString, c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::ptr::{null, null_mut};

use rustix::process::Pid;

use crate::spawn::Spec;

/// Stack of the new process until it executes its program, in pieces of 16 bytes: 64 KiB.
const STACK: usize = 4096;
/// Numbers of open files that are looked at, at most, where the system cannot close them all at once.
const MOST_FILES: RawFd = 65_536;
/// Where programs are looked for when nothing says it.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Starts the process with these standard streams.
pub(crate) fn start(spec: &Spec, stdio: [OwnedFd; 3]) -> io::Result<Pid> {
    let stdio = lifted(stdio)?;
    let environment = environment(spec);
    let programs = Strings::new(candidates(&spec.program, environment.get(OsStr::new("PATH"))))?;
    let words = std::iter::once(spec.program.clone().into_os_string()).chain(spec.args.iter().cloned());
    let argv = Strings::new(words.collect())?;
    let pairs = environment.into_iter().map(|(mut name, value)| {
        name.push("=");
        name.push(value);
        name
    });
    let envp = Strings::new(pairs.collect())?;
    let cwd = spec.cwd.as_ref().map(|cwd| CString::new(cwd.as_os_str().as_bytes())).transpose()?;
    let mut task = Task {
        programs: programs.as_ptr(),
        argv: argv.as_ptr(),
        envp: envp.as_ptr(),
        cwd: cwd.as_ref().map_or(null(), |cwd| cwd.as_ptr()),
        stdio: stdio.each_ref().map(AsRawFd::as_raw_fd),
        parent: rustix::process::getpid().as_raw_nonzero().get(),
        errno: 0,
    };
    clone(&mut task)
}

/// Streams whose numbers are none of those that the new process is to have: where a program has closed its own, they
/// would be, and be put over each other.
fn lifted(stdio: [OwnedFd; 3]) -> io::Result<[OwnedFd; 3]> {
    const FREE: RawFd = 3;
    let lift = |fd: OwnedFd| match fd.as_raw_fd() < FREE {
        true => rustix::io::fcntl_dupfd_cloexec(&fd, FREE),
        false => Ok(fd),
    };
    let [stdin, stdout, stderr] = stdio;
    Ok([lift(stdin)?, lift(stdout)?, lift(stderr)?])
}

/// What the new process is told. It shares the memory, so that everything here stays valid until it is gone.
struct Task {
    programs: *const *const c_char,
    argv: *const *const c_char,
    envp: *const *const c_char,
    /// May be null.
    cwd: *const c_char,
    stdio: [RawFd; 3],
    parent: c_int,
    /// Its answer, if it could not execute the program.
    errno: c_int,
}

fn clone(task: &mut Task) -> io::Result<Pid> {
    let mut stack = vec![0_u128; STACK];
    let top = stack.as_mut_ptr_range().end.cast::<c_void>();
    let task: *mut Task = task;
    // SAFETY: the flag VFORK suspends this thread until the new process has executed its program or ended, so the stack
    // and the task outlive its use of them. It gets a stack of its own, aligned to 16 bytes, that grows down from its
    // end. No signal handler runs on the shared memory meanwhile: all signals are blocked, and the new process takes
    // the handlers away before it lets signals in.
    let (pid, error) = unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let pid = libc::clone(in_child, top, flags, task.cast());
        let error = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, null_mut());
        (pid, error)
    };
    let pid = Pid::from_raw(pid).filter(|_| pid > 0).ok_or(error)?;
    // SAFETY: the task is alive, and the new process does not use it any more.
    match unsafe { task.read_volatile() }.errno {
        0 => Ok(pid),
        errno => {
            // It has ended; nobody else knows of it.
            let wait = || rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
            let _ = rustix::io::retry_on_intr(wait);
            Err(io::Error::from_raw_os_error(errno))
        }
    }
}

extern "C" fn in_child(task: *mut c_void) -> c_int {
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

/// All of the host's, less what is withheld, and what is given.
fn environment(spec: &Spec) -> BTreeMap<OsString, OsString> {
    let mut all = BTreeMap::new();
    if spec.inherit {
        all.extend(
            std::env::vars_os().filter(|(name, _)| !spec.withhold.iter().any(|it| name == it.as_str())),
        );
    }
    all.extend(spec.give.iter().cloned());
    all
}

/// A path is what it is; a bare word may lie in any directory of `PATH`.
fn candidates(program: &Path, path: Option<&OsString>) -> Vec<OsString> {
    if program.as_os_str().as_bytes().contains(&b'/') {
        return vec![program.into()];
    }
    let path = path.cloned().unwrap_or_else(|| DEFAULT_PATH.into());
    std::env::split_paths(&path).map(|directory| directory.join(program).into_os_string()).collect()
}

/// A list of strings as system calls take it.
struct Strings {
    /// Behind the pointers.
    _owned: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Strings {
    fn new(strings: Vec<OsString>) -> io::Result<Self> {
        let owned = strings.into_iter().map(|string| Ok(CString::new(string.into_vec())?));
        let owned = owned.collect::<io::Result<Vec<_>>>()?;
        let pointers = owned.iter().map(|string| string.as_ptr()).chain([null()]).collect();
        Ok(Self { _owned: owned, pointers })
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}
