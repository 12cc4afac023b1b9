// Stands in for react-style-singleton, by which an open dialog keeps the page behind it from being
// scrolled. Ours is as high as the window, so there is nothing to scroll, and the page's policy
// allows no style elements.

export const styleSingleton = () => () => null;
export const styleHookSingleton = () => () => undefined;
export const stylesheetSingleton = () => ({ add() {}, remove() {} });
