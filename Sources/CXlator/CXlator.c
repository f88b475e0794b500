#include "CXlator.h"
