// A photo taken with the phone's own camera, or chosen: the way where a page may not use the camera.
import { ready, readStill } from "./decode.js";

// Long sides that are tried. A code is read at one size and not at another without a rule to it, so a
// small picture is enlarged as well: that reads three of a hundred more (scripts/scan_figures.py).
const SIDES = [(long) => Math.min(1600, long), (long) => Math.min(800, long), (long) => Math.min(3200, Math.round(long * 1.5))];
const MOST_BYTES = 60_000_000;
const AGAIN = "也可以输入标签上的编码。";

export class PhotoProblem extends Error {}

// The texts of the codes in a photo; throws PhotoProblem with what to do next.
export async function readPhoto(file) {
  if (file.size > MOST_BYTES) throw new PhotoProblem(`这张照片太大了，请把相机的分辨率调低再拍。${AGAIN}`);
  await ready();
  let bitmap;
  try {
    bitmap = await createImageBitmap(file); // turned as the phone says it was held
  } catch {
    throw new PhotoProblem(`这个文件不是能打开的照片。请重新拍一张。${AGAIN}`);
  }
  try {
    for (const pixels of sizesOf(bitmap)) {
      const found = await readStill(pixels);
      if (found.length) return found;
    }
  } finally {
    bitmap.close();
  }
  throw new PhotoProblem(`照片里没有找到二维码。离近些、光亮些、拍正些再试。${AGAIN}`);
}

// The photo at each size, none twice.
function* sizesOf(bitmap) {
  const long = Math.max(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  for (const side of new Set(SIDES.map((side) => side(long)))) {
    canvas.width = Math.max(1, Math.round((bitmap.width * side) / long));
    canvas.height = Math.max(1, Math.round((bitmap.height * side) / long));
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    yield pen.getImageData(0, 0, canvas.width, canvas.height);
  }
}
