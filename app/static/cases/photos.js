// Photos of phones are larger than a slow line likes: they are made smaller before they are sent.
// Where that fails the file goes as it is, and the server says if it is too large.
const LONGEST_SIDE = 1600;
const QUALITY = 0.82;

async function smaller(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const brush = canvas.getContext("2d");
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!made || made.size >= file.size) return file;
  return new File([made], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" });
}

for (const form of document.querySelectorAll("form[data-photos]")) {
  const input = form.querySelector("input[type=file]");
  const buttons = form.querySelectorAll("button");
  input.addEventListener("change", async () => {
    for (const button of buttons) button.disabled = true;
    const files = new DataTransfer();
    for (const file of input.files) files.items.add(await smaller(file).catch(() => file));
    input.files = files.files;
    for (const button of buttons) button.disabled = false;
  });
}
