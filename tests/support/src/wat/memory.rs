//! The static part of a guest's memory, and values in it as the canonical ABI lays them out. What is wrong on purpose is
//! put there as plain bytes and words.

use super::Export;

/// What lies in a guest's memory from the beginning.
#[derive(Debug, Clone, Default)]
pub struct Memory(Vec<u8>);

impl Memory {
    /// The first address in use. What lies before it is zero.
    pub const BEGIN: u32 = 1024;

    /// The address behind the last one in use.
    #[must_use]
    pub fn end(&self) -> u32 {
        Self::BEGIN + u32::try_from(self.0.len()).expect("little data").next_multiple_of(8)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Puts bytes there; their address is a multiple of eight.
    pub fn put(&mut self, bytes: &[u8]) -> u32 {
        let address = self.end();
        self.0.resize(usize::try_from(address - Self::BEGIN).expect("little data"), 0);
        self.0.extend(bytes);
        address
    }

    /// Puts words there, one behind the other.
    pub fn words(&mut self, words: &[u32]) -> u32 {
        self.put(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
    }

    /// A string, or what should be one: its address and its length.
    pub fn string(&mut self, text: impl AsRef<[u8]>) -> [u32; 2] {
        let text = text.as_ref();
        [self.put(text), length(text)]
    }

    /// A variant whose case holds a string; so is `result<_, string>`.
    pub fn variant(&mut self, case: u32, text: impl AsRef<[u8]>) -> u32 {
        let [at, length] = self.string(text);
        self.words(&[case, at, length])
    }

    /// What a tool returns: one text.
    pub fn output(&mut self, text: impl AsRef<[u8]>) -> u32 {
        let content = self.variant(0, text);
        self.words(&[content, 1, 0])
    }

    /// `result<registration, string>` with something for each of the exports.
    pub(super) fn registration(&mut self, name: &str, schema: &str, exports: &[Export]) -> u32 {
        let (name, nothing) = (self.string(name), [0, 0]);
        let mut all = [nothing; 4];
        if exports.contains(&Export::Tool) {
            let schema = self.string(schema);
            // The last words hold the flags, and that it asks for no time of its own.
            all[0] = [self.words(&[name[0], name[1], 0, 0, schema[0], schema[1], 0, 0, 0]), 1];
        }
        if exports.contains(&Export::Command) {
            all[1] = [self.words(&[name[0], name[1], 0, 0]), 1];
        }
        if exports.contains(&Export::Event) {
            // The first five kinds; none of them holds a name.
            let kinds: Vec<u32> = (0..5).flat_map(|kind| [kind, 0, 0]).collect();
            all[2] = [self.words(&kinds), length(&kinds) / 3];
        }
        all[3] = self.hooks(exports);
        let [tools, commands, events, hooks] = all;
        self.words(&[
            0,
            tools[0],
            tools[1],
            commands[0],
            commands[1],
            events[0],
            events[1],
            hooks[0],
            hooks[1],
        ])
    }

    fn hooks(&mut self, exports: &[Export]) -> [u32; 2] {
        let bash = self.string("bash");
        let tools = self.words(&bash);
        let points = [
            Export::HookToolCall,
            Export::HookTurnStart,
            Export::HookAssistantMessage,
            Export::HookPrompt,
            Export::HookToolResult,
            Export::HookCompaction,
        ];
        let points = (0_u32..).zip(points).filter(|(_, point)| exports.contains(point));
        // The last word holds the order, and that no failure policy is declared; a prompt's is open.
        let policy = |export| if export == Export::HookPrompt { 1 << 16 } else { 0 };
        // A point is a word, and two for the name that it has not.
        let hooks: Vec<u32> =
            points.flat_map(|(point, export)| [point, 0, 0, tools, 1, policy(export)]).collect();
        [self.words(&hooks), length(&hooks) / 6]
    }
}

fn length<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).expect("little data")
}
