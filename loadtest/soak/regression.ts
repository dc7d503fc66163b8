/** A point of a line: `x` and `y` in any units. */
export interface Point { readonly x: number, readonly y: number }

/** How much `y` grows by `x`, and how far that may be off either way (95 %); both Infinity where there are too few points to say. */
export interface Slope { readonly slope: number, readonly uncertainty: number }

const fewest = 8

/**
 * The slope of the line through points by least squares. Samples of a memory depend on those before them, which makes a line look much surer than it is: the
 * uncertainty is that of so many points as are worth as much when independent, n (1 - r) / (1 + r), r being the correlation of neighbouring residuals.
 */
export function slopeOf (points: readonly Point[]): Slope {
  const count = points.length
  if (count < fewest) return { slope: 0, uncertainty: Infinity }
  const [middleX, middleY] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))]
  const spreadX = sum(points.map(({ x }) => (x - middleX) ** 2))
  const slope = sum(points.map(({ x, y }) => (x - middleX) * (y - middleY))) / spreadX
  const residuals = points.map(({ x, y }) => y - middleY - slope * (x - middleX))
  const square = sum(residuals.map((residual) => residual ** 2))
  if (square === 0) return { slope, uncertainty: 0 }
  const correlation = Math.min(0.99, Math.max(0, sum(residuals.slice(1).map((residual, index) => residual * (residuals[index] as number))) / square))
  const worth = Math.max(3, count * (1 - correlation) / (1 + correlation))
  return { slope, uncertainty: studentOf(worth - 2) * Math.sqrt(square / (worth - 2) / spreadX) }
}

/** The 97.5 % quantile of Student's t, by degrees of freedom: within 1 % from 3 on, and no less than that for fewer. */
function studentOf (freedom: number): number {
  const normal = 1.96
  if (freedom < 3) return 12.7
  return normal + 2.37 / freedom + 2.82 / freedom ** 2 + 2.6 / freedom ** 3
}

function sum (values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean (values: readonly number[]): number {
  return sum(values) / values.length
}
