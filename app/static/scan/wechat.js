// WeChat's own scanner, for offices that have an official account: off unless PLATFORM_WECHAT_SCAN_MODULE
// names a module of this host whose default export resolves to a configured `wx`
// (docs/configuration.md). Nothing here talks to WeChat's servers.
const named = () => document.querySelector("meta[name=wechat-scan]")?.content;

export const hasWechat = () => Boolean(named()) && /MicroMessenger/i.test(navigator.userAgent);

// The text of one code; null where the person turned back. Throws where WeChat cannot.
export async function scanInWechat() {
  const { default: configured } = await import(named());
  const wx = await configured();
  return new Promise((resolve, reject) => {
    wx.scanQRCode({
      needResult: 1,
      scanType: ["qrCode"],
      success: ({ resultStr }) => resolve(resultStr),
      cancel: () => resolve(null),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    });
  });
}
