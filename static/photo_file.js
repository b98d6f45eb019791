// A picture file of a telephone or of this computer: read into memory and posted raw through the
// same door as a shot. Never a form upload, and nothing is said of the file's name.
import { SAYS } from "./camera_parts.js";

const LARGEST = 24 * 1024 * 1024; // what the kit takes in one request

export function listenToFile(camera) {
  const input = document.getElementById("photo-file");
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    if (file.size >= LARGEST) {
      input.value = "";
      camera.say(SAYS.large);
      return;
    }
    let body;
    try {
      body = new Uint8Array(await file.arrayBuffer());
    } catch {
      camera.say(SAYS.unread);
      return;
    } finally {
      input.value = "";
    }
    await camera.sendFile(body);
  });
}
