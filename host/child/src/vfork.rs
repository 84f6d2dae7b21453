//! Starting a process on Linux: as cheap as `posix_spawn`, which shares all memory with the new process until that
//! executes its program, and with what `posix_spawn` cannot do: the process is to die with its parent. `fork` would copy
//! the tables of all memory first, which takes longer than everything else together.

mod child;

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString, c_char, c_void};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::ptr::{null, null_mut};

use rustix::process::Pid;

use crate::spawn::Spec;
use child::{Task, in_child};

/// Stack of the new process until it executes its program, in pieces of 16 bytes: 64 KiB.
const STACK: usize = 4096;
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
