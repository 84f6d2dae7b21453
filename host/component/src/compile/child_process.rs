//! Compiling in a child process: this side.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wharf_child::process::{Stdin, Stdout};
use wharf_child::{Exit, Process, Spec, spawn};
use wharf_extensions::error::Fault;
use wharf_extensions::limits::ComponentLimits;
use wharf_protocol::text::harmless_line;

use super::{Compiler, made_too_much, needed_too_much, not_valid, took_too_long, turn};

/// Bytes of its standard error that are kept.
const WORDS: u64 = 8 << 10;
/// Threads of the compiler, and pools of its allocator: more of them only take address space, which is limited.
const SETTINGS: [(&str, &str); 2] = [("RAYON_NUM_THREADS", "8"), ("MALLOC_ARENA_MAX", "4")];

/// Compiles in a child process, one component at a time. The child gets the component on its standard input and
/// answers with the code on its standard output, or with a reason on its standard error and a status that is not 0.
/// It must call [`serve_compile`](super::serve_compile) with the two arguments that follow those given here.
#[derive(Debug)]
pub struct ChildProcess {
    program: PathBuf,
    args: Vec<OsString>,
    turns: Semaphore,
}

impl ChildProcess {
    /// Starts this program with these arguments.
    ///
    /// # Safety
    /// The program must do what [`serve_compile`](super::serve_compile) of this very version does: what it writes to
    /// its standard output is run as machine code.
    pub unsafe fn new<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program: program.into(), args, turns: Semaphore::new(1) }
    }

    /// Starts the program that is running, with these arguments.
    ///
    /// # Safety
    /// With these arguments the program must call [`serve_compile`](super::serve_compile), and write nothing else to its
    /// standard output.
    ///
    /// # Errors
    /// The system does not say which program is running.
    pub unsafe fn of_this_program<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> io::Result<Self> {
        // On Linux this is the running program itself, even if its file has been replaced by another version.
        let running = Path::new("/proc/self/exe");
        let program = match cfg!(target_os = "linux") && running.exists() {
            true => running.to_owned(),
            false => std::env::current_exe()?,
        };
        // SAFETY: it is the program of which the caller has promised it.
        Ok(unsafe { Self::new(program, args) })
    }

    fn spec(&self, limits: &ComponentLimits) -> Spec {
        let numbers = [limits.compile.as_secs().max(1), limits.compile_memory.wide()];
        let spec = Spec::new(&self.program).args(&self.args).args(numbers.map(|number| number.to_string()));
        SETTINGS.iter().fold(spec.inherit_nothing(), |spec, (name, value)| spec.give(name, value))
    }
}

// SAFETY: whoever made it has promised that the program does that, and nothing else speaks on its standard output.
#[async_trait]
unsafe impl Compiler for ChildProcess {
    async fn compile(&self, wasm: Arc<[u8]>, limits: &ComponentLimits) -> Result<Vec<u8>, Fault> {
        let _turn = turn(&self.turns, limits).await?;
        let dialogue = async {
            let process = spawn(self.spec(limits))
                .await
                .map_err(|error| Fault::other("the compiler cannot be started", error))?;
            // It is killed with all that it started when this future is dropped.
            converse(process, &wasm, limits).await
        };
        timeout(limits.compile, dialogue).await.unwrap_or_else(|_| Err(took_too_long(limits)))
    }
}

async fn converse(process: Process, wasm: &[u8], limits: &ComponentLimits) -> Result<Vec<u8>, Fault> {
    let Process { stdin, stdout, stderr, handle } = process;
    let answer = async {
        let read = read_up_to(stdout, limits.compiled.wide().saturating_add(1)).await;
        if read.len() > limits.compiled.count() {
            handle.kill();
        }
        read
    };
    let ((), code, words, exit) = tokio::join!(feed(stdin, wasm), answer, last_words(stderr), handle.wait());
    if code.len() > limits.compiled.count() {
        return Err(made_too_much(limits));
    }
    match exit.is_success() {
        true => Ok(code),
        false => Err(failure(exit, &words, limits)),
    }
}

/// A child that does not read it all has a reason, which it tells.
async fn feed(stdin: Option<Stdin>, wasm: &[u8]) {
    if let Some(mut stdin) = stdin
        && stdin.write_all(wasm).await.is_ok()
    {
        _ = stdin.shutdown().await;
    }
}

/// What could be read before an error is no more than a part, as the exit status tells.
async fn read_up_to(stream: Stdout, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    _ = stream.take(limit).read_to_end(&mut bytes).await;
    bytes
}

/// The beginning of its standard error; the rest is read too, so that it need not wait.
async fn last_words(stderr: Option<Stdout>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut words = Vec::new();
    _ = (&mut stderr).take(WORDS).read_to_end(&mut words).await;
    _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&words).into_owned()
}

fn failure(exit: Exit, words: &str, limits: &ComponentLimits) -> Fault {
    // As the allocator says it, wasmtime, and the system.
    let no_memory = ["memory allocation of", "out of memory", "(os error 12)"];
    if exit.passed_cpu_limit() {
        return took_too_long(limits);
    }
    if no_memory.iter().any(|text| words.contains(text)) {
        return needed_too_much(limits);
    }
    let words = harmless_line(words.trim(), 1024);
    match exit {
        Exit::Code(super::service::REFUSED) => not_valid(&words),
        _ => Fault::Died { how: format!("the compiler ended with {exit}: {words}") },
    }
}
