/// What a random number is for.
///
/// Streams of different purposes never share a counter, so a new use of randomness leaves
/// all earlier draws as they were; the raw values are part of every recorded run and must not change.
public enum Purpose: UInt8, Sendable, CaseIterable {
  case initialisation = 1
  case targetDraw = 2
  case rowToShard = 3
  case epochOrder = 4
  case diffusionTime = 5
  case diffusionNoise = 6
  case samplingPrior = 7
  case samplingNoise = 8
  case heldOutSplit = 9
  case heldOutNoise = 10
  case direction = 11
  case floor = 12
  case baseline = 13
  case bootstrap = 14
  case embedding = 15
  case benchmark = 16
  case gradientCheck = 17
  case truncation = 40
  case probe = 41
  case tailScale = 42
  case resampling = 43
  case dequantisation = 44
  case teacherPairs = 45
  case latent = 46
  case decoderNoise = 47
  case prior = 48
  case simulator = 49
  case conditionOrder = 50
  case metric = 60
  case likelihood = 61
  case dequantisedLikelihood = 62
  case chainBound = 63
  case latentBound = 64
}
