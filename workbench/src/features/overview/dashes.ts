/** The dashes of the lines of a chart, in pixels: no line is told apart by its colour alone. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [10, 3, 2, 3], [4, 2], [1, 2]]
