// Fetch: a component in JavaScript that tries to reach the network. It counts, to show that it lives on.

const SCHEMA = { type: "object", properties: { url: { type: "string" } }, required: ["url"] };

let attempts = 0;

export const lifecycle = {
  init() {
    const tool = {
      name: "fetch",
      description: "Fetches a page.",
      schema: JSON.stringify(SCHEMA),
      traits: { openWorld: true },
    };
    return { tools: [tool], commands: [], events: [], hooks: [] };
  },
  shutdown() {},
};

export const tools = {
  async call(call) {
    attempts += 1;
    try {
      const response = await fetch(JSON.parse(call.args).url);
      return answer(`attempt ${attempts}: ${await response.text()}`, false);
    } catch (error) {
      return answer(`attempt ${attempts}: ${error}`, true);
    }
  },
};

function answer(text, isError) {
  return { content: [{ tag: "text", val: text }], isError };
}
