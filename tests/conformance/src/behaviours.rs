//! The contract's table of contents: everything that an extension can see, a sentence each, with the page that specifies
//! it. `docs/contract.md` is made of it.

use crate::scenario::Backends;

/// Makes the behaviours: the group, its page, the backends that have it; then each with its sentence.
macro_rules! behaviours {
    ($($group:literal, $page:literal, $backends:ident { $($name:ident: $sentence:literal,)+ })+) => {
        /// Something that an extension can rely on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Behaviour {
            $($(#[doc = $sentence] $name,)+)+
        }

        impl Behaviour {
            /// All of them, group by group.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)+)+];

            /// What the table of contents says of it.
            #[must_use]
            pub const fn entry(self) -> Entry {
                match self {
                    $($(Self::$name => Entry {
                        name: stringify!($name),
                        sentence: $sentence,
                        group: $group,
                        page: $page,
                        backends: Backends::$backends,
                    },)+)+
                }
            }
        }
    };
}

/// A line of the table of contents.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The behaviour's name.
    pub name: &'static str,
    /// What is the case.
    pub sentence: &'static str,
    /// What it belongs to.
    pub group: &'static str,
    /// Where it is specified, from the root of the project.
    pub page: &'static str,
    /// Which backends have it.
    pub backends: Backends,
}

behaviours! {
    "Start and end", "docs/extensions.md", BOTH {
        StartRegisters: "What it registers is listed and can be used.",
        StartWhenNeeded: "One whose manifest tells all is started when it is first needed.",
        StartFacts: "At its start it is told the provider, the model and the directory.",
        StartOccasion: "It is told why it is started: first, after a loss and how it was lost, or anew.",
        StartFails: "A start that fails is told with its reason, and the others go on.",
        StartNeedsTrust: "Nothing in a project is started unless the project is trusted.",
        RegisterLateTool: "A tool that is registered later joins at the next model call.",
        RegisterLateHook: "A hook that is registered later is asked from then on.",
        RegisterLateEvent: "An event that is subscribed to later is told from then on.",
        RegisterDeclaredAlone: "What its manifest does not declare is left out, and told.",
        RegisterSchema: "A tool whose schema is none is left out, and told; the rest is let in.",
        EndIsTold: "At the end it is told to stop, and what it logs then is kept.",
    }
    "Names", "docs/extensions.md", BOTH {
        NameOfExtensionOnce: "Of two extensions with one name the first is started, and both are named.",
        NameOfToolOnce: "Of two extensions with one tool the earlier keeps it, and both are named.",
        NameChangedByUser: "A tool that the user gave another name goes by that; its extension sees its own.",
        NameBuiltIn: "Names of built-in tools cannot be taken.",
    }
    "Tools", "wit/tools.wit", BOTH {
        ToolAnswers: "What a tool answers is what the model reads.",
        ToolFails: "A tool may fail: the model reads why, and the extension is not blamed.",
        ToolAnswersImage: "A tool may answer with an image.",
        ToolArgumentsFit: "Arguments that do not fit the schema do not reach the tool.",
        ToolUnknown: "A tool that nobody registered is answered for by the host.",
        ToolLate: "A tool that is late is answered for; its extension goes on if it returns soon.",
        ToolResultCut: "A result that is too long is cut off, and says so.",
        ToolDestructive: "A tool that is declared destructive runs with approval alone.",
        ToolProgress: "What a tool puts out while it runs is shown at once.",
        ToolCancelled: "A tool whose call is cancelled is told, and may return by itself.",
        ToolAsksForTime: "A tool may ask for another deadline than the others'.",
        ToolKnowsItsTime: "A call knows how long it may still take.",
    }
    "Commands", "wit/commands.wit", BOTH {
        CommandDisplay: "A command may show a text; the model does not see it.",
        CommandPrompt: "A command may start a turn.",
        CommandInsert: "A command may put a text into the editor.",
        CommandOpenPanel: "A command may open a panel.",
        CommandNoop: "A command may do nothing.",
        CommandError: "A command may fail: the user reads why.",
        CommandWithoutUi: "An outcome that needs a screen fails where there is none, and says so.",
        CommandUnknown: "A command that nobody registered is text for the model.",
    }
    "Events", "wit/events.wit", BOTH {
        EventSessionStart: "`session_start` comes first.",
        EventTurnStart: "`turn_start` comes before each model call, with its step.",
        EventAssistantMessage: "`assistant_message` has the text as it is shown.",
        EventToolCall: "`tool_call` has what the model asked for.",
        EventTurnEnd: "`turn_end` says why a model call ended.",
        EventPrompt: "`prompt` has a prompt that was taken up, and who it is from.",
        EventPromptEnd: "`prompt_end` says how a prompt ended.",
        EventToolResult: "`tool_result` has what the model is shown.",
        EventUsage: "`usage` has the tokens of a model call.",
        EventModelChange: "`model_change` names the model that was chosen.",
        EventCompaction: "`compaction` says that the conversation was made shorter.",
        EventSessionSwitch: "`session_switch` says how another session came about.",
        EventSessionEnd: "`session_end` comes before the end.",
        EventPanelKey: "A key in a panel is told to the panel's owner alone.",
        EventPanelClose: "A panel that the user closed is told to its owner.",
        EventLagged: "Events that had to be dropped are counted to it.",
        EventOrder: "Events and hooks come in the order of the contract.",
    }
    "Hooks", "docs/hooks.md", BOTH {
        HooksListed: "The user can list the guards, with what came of each.",
        HookTools: "A hook that names tools is asked about those alone.",
        HookToolCallPass: "`tool_call` may let a call pass.",
        HookToolCallRewrite: "`tool_call` may rewrite the arguments; faces and transcript have both.",
        HookToolCallRefuse: "`tool_call` may refuse a call: the model reads why.",
        HookToolCallAsk: "`tool_call` may have the user asked, whatever else was chosen.",
        HookToolCallMisfit: "Arguments that were rewritten so that they do not fit are a failure.",
        HookToolCallOpen: "An open `tool_call` hook that fails lets pass.",
        HookToolCallClosed: "A closed `tool_call` hook that fails refuses.",
        HookToolCallOrder: "`tool_call` hooks are asked in order; each sees what the one before it wrote.",
        HookTurnStartPass: "`turn_start` may let a model call pass.",
        HookTurnStartRefuse: "`turn_start` may end the run.",
        HookTurnStartOpen: "An open `turn_start` hook that fails lets pass.",
        HookTurnStartClosed: "A closed `turn_start` hook that fails ends the run.",
        HookTurnStartOrder: "`turn_start` hooks are asked in order, until one refuses.",
        HookMessagePass: "`assistant_message` may let a message be shown.",
        HookMessageReplace: "`assistant_message` may replace what is shown; the model keeps what it said.",
        HookMessageHide: "`assistant_message` may hide a message.",
        HookMessageOpen: "An open `assistant_message` hook that fails lets the message be shown.",
        HookMessageClosed: "A closed `assistant_message` hook that fails hides the message.",
        HookMessageOrder: "`assistant_message` hooks are asked in order; each sees what the one before it wrote.",
        HookTextEmpty: "A text that is put in another's place is not empty; else the hook has failed.",
        HookPromptPass: "`prompt` may let a prompt pass, and is told who it is from.",
        HookPromptRewrite: "`prompt` may rewrite a prompt.",
        HookPromptRefuse: "`prompt` may refuse a prompt.",
        HookPromptHandle: "`prompt` may deal with a prompt itself.",
        HookPromptOpen: "An open `prompt` hook that fails lets pass.",
        HookPromptClosed: "A closed `prompt` hook that fails refuses the prompt.",
        HookPromptOrder: "`prompt` hooks are asked in order; each sees what the one before it wrote.",
        HookResultPass: "`tool_result` may let a result pass.",
        HookResultReplace: "`tool_result` may replace a result, and whether it is an error.",
        HookResultOpen: "An open `tool_result` hook that fails lets the result pass.",
        HookResultClosed: "A closed `tool_result` hook that fails withholds the result.",
        HookResultOrder: "`tool_result` hooks are asked in order; each sees what the one before it wrote.",
        HookCompactionPass: "`compaction` may let the model write the summary.",
        HookCompactionSummary: "`compaction` may give the summary.",
        HookCompactionRefuse: "`compaction` may leave the conversation as it is.",
        HookCompactionOpen: "An open `compaction` hook that fails lets the model write the summary.",
        HookCompactionClosed: "A closed `compaction` hook that fails leaves the conversation as it is.",
        HookCompactionOrder: "`compaction` hooks are asked in order; the first summary counts.",
    }
    "Requests", "wit/host.wit", BOTH {
        RequestNotify: "It may tell the user something at any time.",
        RequestSubmit: "It may submit a prompt, which is taken up after those before it, in order.",
        RequestSubmitDepth: "Prompts that cause prompts end after the fourth.",
        RequestInsert: "It may put a text into the editor.",
        RequestDisplay: "It may show a text.",
        RequestDisplayRate: "Sixty texts at once are shown, and the next one is refused.",
        RequestStatus: "It may set its segment of the status line.",
        RequestOpenPanel: "It may open a panel.",
        RequestSelect: "It may let the user choose.",
        RequestConfirm: "It may let the user say yes or no.",
        RequestInput: "It may let the user type a line.",
        RequestStoreGet: "It may read what it has kept.",
        RequestStoreSet: "It may keep a value; a version that is expected must be there.",
        RequestStoreDelete: "It may let go of a value.",
        RequestStoreKeys: "It may list its keys.",
        RequestIsHarmless: "No text that is shown moves the cursor or hides what it says.",
        RequestWithoutUi: "What needs a screen is answered with \"no UI\" where there is none.",
    }
    "Panels, status, dialogs", "wit/host.wit", BOTH {
        PanelsSeveral: "Several panels of one extension are told apart.",
        PanelsAtMost: "At most eight panels are open at once.",
        PanelRender: "An open panel is drawn anew; one that is not open is passed over and logged.",
        PanelClosedByOwner: "It may close its panel.",
        PanelsGone: "The panels of an extension that is lost are closed.",
        StatusGone: "The status of an extension that is lost is cleared.",
        DialogDismissed: "The user may close a dialog without an answer.",
        DialogHasTime: "While a dialog is open the deadline of its call stands still.",
        DialogEndsWithCall: "A dialog ends when its call is cancelled.",
        DialogDuringCalls: "A dialog is opened during a tool call or a command alone.",
    }
    "The store", "wit/host.wit", BOTH {
        StoreScopes: "A value is kept for the user, for the project or for the session.",
        StoreLasts: "What is kept for the user is there in the next run; what is kept for a session ends with it.",
        StoreLimits: "Values and keys that are too long are refused.",
    }
    "Faults", "docs/extensions.md", BOTH {
        FaultIsContained: "A tool that crashes or ends its program is answered for; the run and the others go on.",
        FaultIsCancelled: "A tool that computes for ever ends with its call, and is not blamed for that.",
        FaultRestart: "One that crashed is started again, and calls wait for that.",
        FaultQuarantine: "Three crashes put it into quarantine, in later runs too, until that is lifted.",
    }
    "Another version", "docs/extensions.md", BOTH {
        ReloadLoads: "A reload loads what is there now.",
        ReloadFails: "A version that cannot be started leaves the one before, and its fault is told.",
        ReloadInFlight: "A call in flight ends in the version that it began in.",
        ReloadApproved: "What was approved is what runs, also when another version takes its place before it runs.",
        ReloadLosesNothing: "Under steady calls none is lost and none is made twice.",
        ReloadFinds: "A reload docks what was added and undocks what was removed.",
        ReloadAsleep: "One that sleeps is replaced, and sleeps on.",
        ReloadScreen: "A version on trial may notify and log; all else that it draws or submits waits until it has its place.",
        ReloadScreenFails: "What a version drew or submitted on trial is dropped if it fails; the screen of the one before stays.",
        ReloadScreenSwap: "When a version loses its place its panels and its status are closed, and it draws none any more.",
        WatchDocks: "What is dropped into the user's directory docks, and what is taken away undocks.",
        WatchWaits: "What is dropped in docks when no prompt is in progress.",
        WatchTells: "What has changed is told, and not loaded.",
        WatchAuthor: "What its author works on is loaded anew when it changes.",
        WatchDirectory: "Another directory of the same name is watched too.",
    }
    "A guard that fails, open and closed", "docs/hooks.md", BOTH {
        GuardCrash: "A guard that crashes fails as it is declared.",
        GuardEndlessLoop: "A guard that computes for ever fails as it is declared.",
        GuardOutOfMemory: "A guard that wants too much memory fails as it is declared.",
        GuardDeadline: "A guard that is late fails as it is declared.",
        GuardUnload: "A guard that is taken away while it is asked is waited for, and fails as it is declared.",
        GuardMissingFile: "A guard whose file is missing fails as it is declared.",
        GuardWrongWorld: "A guard that is no extension fails as it is declared.",
        GuardDenied: "A guard that wants what is not to be had fails as it is declared.",
        GuardOversize: "A guard whose answer is too large fails as it is declared.",
        GuardGone: "A guard that was there when Wharf last ran, and is missing or broken, closes what it guarded, and is told.",
        GuardLetGo: "A guard that is removed or switched off is let go of.",
        GuardAbort: "When the user gives up while a guard is asked, nothing runs.",
    }
    "Extensions that are shipped", "docs/extensions.md", BOTH {
        ShippedGuard: "The guard refuses dangerous commands, lets others pass, and keeps a record.",
        ShippedHello: "The greeter shows, asks, drafts and fails.",
    }
    "Components alone", "docs/wit.md", COMPONENT {
        ComponentFiles: "It reads and writes its own directory alone.",
        ComponentNetwork: "It has no network.",
        ComponentEnvironment: "It has no environment.",
        ComponentComputing: "A tool that computes for too long is ended.",
        ComponentLanguages: "Python and JavaScript will do.",
        ComponentRegister: "It is told what of a late registration is left out.",
        ComponentLater: "An event of a later version is left out, and told; with a hook of one it does not start.",
        ComponentLargeResult: "A guard of results is shown an image as large as the tool `read` gives them.",
        ComponentReloadEvents: "Events that an old version was handed are dealt with there.",
        ComponentIsNone: "A file that is no component is told with its reason.",
    }
    "Subprocesses alone", "docs/protocol.md", SUBPROCESS {
        SubprocessVersion1: "An extension of zot sees what zot shows it, byte for byte.",
        SubprocessConversation: "The conversation of the page is held as it stands there.",
        SubprocessLanguages: "C, Go, Python, Node and shell will do.",
        SubprocessVersion2: "Version 2 is spoken without an SDK.",
        SubprocessPython: "An extension without an SDK serves tools and a command.",
        SubprocessResultTooLarge: "A result that does not fit into a line is a failure of its guard.",
        SubprocessDialogs: "Four of its dialogs may be open at once.",
        SubprocessDialogGone: "A dialog of a process that dies is closed.",
        SubprocessIsNone: "A program that does not introduce itself is told with its reason.",
    }
}
