// Reads QR and Data Matrix codes (both are allowed on pesticides) out of pixels, with zxing-cpp as
// WebAssembly. 400 kB on the way: fetched when a scanner is first opened, and kept by the browser
// under an address made of its own digest, so that a release without a new decoder costs nothing.
const FORMATS = ["QRCode", "DataMatrix"];
const FEW = 4;
let loading = null;

export function ready() {
  loading ??= load().catch((error) => {
    loading = null; // the next try asks again
    throw error;
  });
  return loading;
}

async function load() {
  const zxing = await import("../vendor/zxing/reader/index.js");
  const digest = zxing.ZXING_WASM_SHA256.slice(0, 10);
  const locateFile = (name) => `/static/vendor/zxing/${name}?v=${digest}`;
  await zxing.prepareZXingModule({ overrides: { locateFile }, fireImmediately: true });
  return zxing;
}

// One look at a frame of the camera: quick, because the next frame comes at once. Every third look
// is for what is dirty, every third for what is dim or glares.
const LOOKS = [{}, { tryDenoise: true }, { binarizer: "GlobalHistogram" }];
let look = 0;

export function readFrame(pixels) {
  look = (look + 1) % LOOKS.length;
  return read(pixels, { tryInvert: false, ...LOOKS[look] });
}

// All looks at a picture that stands still; the first that finds something is enough.
export async function readStill(pixels) {
  for (const options of LOOKS) {
    const found = await read(pixels, options);
    if (found.length) return found;
  }
  return [];
}

async function read(pixels, options) {
  const zxing = await ready();
  const found = await zxing.readBarcodes(pixels, {
    formats: FORMATS, maxNumberOfSymbols: FEW, textMode: "Plain", tryHarder: true, ...options,
  });
  return found.filter((one) => one.isValid).map((one) => one.text);
}
