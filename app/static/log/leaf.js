// The text of a record: only who may see it holds it beside what the log has of it.
import { ask } from "./ask.js";
import { bytesOf } from "./note.js";
import { leafHash, toHex } from "./proof.js";
import { moment } from "./result.js";

// A record as the platform shows it to whoever is signed in; null where he may not see it.
export async function mayRead(id, reader) {
  if (!reader.signedIn) return null;
  const { status, body } = await ask(`/api/v1/events/${id}`);
  return status === 200 ? body : null;
}

// What the text of a record says, or null where it is not the text whose hash (hex) was proven.
export async function readLeaf(text, hash) {
  if (toHex(await leafHash(bytesOf(text))) !== hash) return null;
  const { event, stamps } = JSON.parse(text);
  // A correction says in `replacement` what happened instead, or only what did not happen.
  const said = event.replacement ?? event;
  const named = ["batches", "exceptions", "inputs", "outputs"].flatMap((part) => said[part] ?? []);
  return {
    id: event.id,
    kind: event.kind,
    day: moment(stamps.effective_at).slice(0, 10),
    batches: [...named.map(({ code }) => code), ...(said.container ? [said.container] : [])],
    corrects: event.corrects,
  };
}
