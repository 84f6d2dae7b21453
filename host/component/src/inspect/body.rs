//! One function's body: how much of it there is to compile.

use wasmparser::{BinaryReaderError, FunctionBody, Operator};
use wharf_extensions::error::Fault;

use super::{malformed, too_much};

/// One function's body, in bytes. Python's largest has 417 KiB, JavaScript's 168 KiB.
const BYTES: usize = 1 << 20;
/// Targets of one jump table; the compiler takes 65,520. Python's largest has 3202.
const TARGETS: u32 = 65_000;

/// What of a body counts for the whole file.
pub(super) struct Body {
    /// Its local variables, parameters apart.
    pub(super) locals: u64,
    /// The square of the depth to which its blocks nest: the compiler's time grows with that.
    pub(super) nesting: u64,
}

impl Body {
    pub(super) fn read(body: &FunctionBody<'_>) -> Result<Self, Fault> {
        let length = body.range().len();
        if length > BYTES {
            return Err(too_much(format!("it has a function of {length} bytes, {BYTES} are allowed")));
        }
        let locals = locals(body).map_err(|error| malformed(&error))?;
        let Shape { deepest, targets } = Shape::of(body).map_err(|error| malformed(&error))?;
        if targets > TARGETS {
            return Err(too_much(format!(
                "it has a jump table with {targets} targets, {TARGETS} are allowed"
            )));
        }
        Ok(Self { locals, nesting: deepest.saturating_mul(deepest) })
    }
}

fn locals(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let mut locals = body.get_locals_reader()?.into_iter();
    locals.try_fold(0, |sum: u64, local| Ok(sum.saturating_add(local?.0.into())))
}

/// How the blocks of a body lie in each other, and where it may jump to.
struct Shape {
    deepest: u64,
    /// Of its largest jump table.
    targets: u32,
}

impl Shape {
    fn of(body: &FunctionBody<'_>) -> Result<Self, BinaryReaderError> {
        let mut operators = body.get_operators_reader()?;
        let mut shape = Self { deepest: 0, targets: 0 };
        let mut depth: u64 = 0;
        while !operators.eof() {
            match operators.read()? {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. } => {
                    depth += 1;
                    shape.deepest = shape.deepest.max(depth);
                }
                Operator::End => depth = depth.saturating_sub(1),
                Operator::BrTable { targets } => shape.targets = shape.targets.max(targets.len()),
                _ => {}
            }
        }
        Ok(shape)
    }
}
